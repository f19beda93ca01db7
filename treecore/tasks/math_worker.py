"""Compares mathematical answers in a process of its own, started by path; lines of JSON in, lines of JSON out.

Answers are untrusted text that a computer algebra system takes apart, so this process limits its memory and is killed
by the other side when it takes too long. Imports nothing of this package.

A request is `{"answers": [text], "output": text}`, a reply `{"correct": bool}` or `{"error": text}`; the first line
written is `{"ready": true}`.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

MEMORY_BYTES = 3 << 30
MARKS = ("$", "\\(", "\\[", "\\boxed")


def limit_memory() -> None:
    """No more address space than `MEMORY_BYTES`, where the system can limit it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def gold(answer: str) -> str:
    """An expected answer as the parser likes it: bare mathematics in a box."""
    return answer if any(mark in answer for mark in MARKS) else f"\\boxed{{{answer}}}"


def correct(answers: list[str], output: str) -> bool:
    """Whether the answer in `output` equals one of `answers`."""
    from math_verify import parse, verify

    said = parse(output, parsing_timeout=None)
    return any(verify(parse(gold(answer), parsing_timeout=None), said, timeout_seconds=None) for answer in answers)


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
