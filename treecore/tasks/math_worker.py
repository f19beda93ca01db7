"""Compares mathematical answers in a process of its own, started by path; lines of JSON in, lines of JSON out.

Answers are untrusted text that a computer algebra system takes apart, so this process limits its memory and is killed
by the other side when it takes too long. Imports nothing of this package.

A request is `{"answers": [text], "output": text}`, a reply `{"correct": bool}` or `{"error": text}`; the first line
written is `{"ready": true}`. Too little memory is an error; an output that the library cannot read is not correct.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Callable
from typing import Any

MEMORY_BYTES = 3 << 30
MARKS = ("$", "\\(", "\\[", "\\boxed")
FUNCTIONS = re.compile(r"sqrt|a?sin|a?cos|a?tan|log|ln|exp|pi|inf")
WORD = re.compile(r"[^\W\d_]{2}")
LONGEST_FORMULA = 1000
"""Characters; a longer text without marks is read as prose."""


def limit_memory() -> None:
    """No more address space than `MEMORY_BYTES`, where the system can limit it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def boxed(text: str) -> str:
    """Bare mathematics in a box, as the parser likes it; as it is where it is marked already."""
    return text if any(mark in text for mark in MARKS) else f"\\boxed{{{text}}}"


def is_formula(text: str) -> bool:
    """Whether a text without marks is mathematics and no prose: LaTeX, or no words in it."""
    if len(text) > LONGEST_FORMULA or "\n" in text:
        return False
    return "\\" in text or not WORD.search(FUNCTIONS.sub("", text))


def unless_broken(function: Callable[..., Any], *arguments: Any, otherwise: Any) -> Any:
    """What the library makes of text from outside; `otherwise` where it fails at it, but for lack of memory."""
    try:
        return function(*arguments)
    except MemoryError:
        raise
    except Exception:
        return otherwise


def parsed(text: str) -> list[Any]:
    """All readings of a text; none where the library knows none."""
    from math_verify import parse

    def read(one: str) -> list[Any]:
        return list(parse(one, parsing_timeout=None, raise_on_error=True))

    return list(unless_broken(read, text, otherwise=[]))


def readings(output: str) -> list[Any]:
    """Its marked mathematics; all of it where it is a formula; else the last number of the prose."""
    if any(mark in output for mark in MARKS):
        return parsed(output)
    bare = output.strip().rstrip(".")
    if is_formula(bare):
        return parsed(boxed(bare))
    return parsed(output) or (parsed(boxed(bare)) if len(bare) <= LONGEST_FORMULA else [])


def correct(answers: list[str], output: str) -> bool:
    """Whether the answer in `output` equals one of `answers`."""
    from math_verify import verify

    def equal(one: Any, other: Any) -> bool:
        return bool(verify(one, other, timeout_seconds=None, raise_on_error=True))

    said = readings(output)
    pairs = ((gold, one) for answer in answers for gold in parsed(boxed(answer)) for one in said)
    return any(unless_broken(equal, *pair, otherwise=False) for pair in pairs)


def answer(line: str) -> dict[str, Any]:
    """The reply to one request."""
    try:
        request = json.loads(line)
        return {"correct": correct(request["answers"], request["output"])}
    except MemoryError:
        return {"error": "it took too much memory"}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Answer requests until the input ends; what libraries print goes nowhere."""
    replies = sys.stdout
    sys.stdout = sys.stderr
    limit_memory()
    try:
        import math_verify  # noqa: F401  (loaded before the clock runs)
    except ImportError:
        replies.write(json.dumps({"missing": True}) + "\n")
        return
    replies.write(json.dumps({"ready": True}) + "\n")
    replies.flush()
    for line in sys.stdin:
        replies.write(json.dumps(answer(line)) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
