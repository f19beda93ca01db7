"""Compares answers with algebra in a process of its own; lines of JSON in, lines of JSON out.

Answers are untrusted text that a computer algebra system takes apart, so this process limits its memory and is killed
by the other side when it takes too long.

A request is `{"answers": [text], "output": text}`, a reply `{"correct": bool}` or `{"error": text}`; the
first line written is `{"ready": true}`. Too little memory is an error; an output that cannot be read is not correct.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

from treecore.tasks.verifiers.mathematics.answer import Words
from treecore.tasks.verifiers.mathematics.equality import Comparison
from treecore.tasks.verifiers.mathematics.prose import said
from treecore.tasks.verifiers.mathematics.reading import read

MEMORY_BYTES = 3 << 30


def limit_memory() -> None:
    """No more address space than `MEMORY_BYTES`, where the system can limit it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def correct(answers: list[str], output: str, *, algebra: bool = True) -> bool:
    """Whether the answer in `output` equals one of `answers`.

    Args:
        algebra: ask sympy where structure and fractions do not settle it.

    Raises:
        NeedsAlgebraError: they do not, and `algebra` is off.
    """
    compare = Comparison(algebra=algebra)
    readings = said(output)
    for answer in answers:
        gold = read(answer)
        meant = readings if isinstance(gold, Words) else readings[:1]
        if any(compare.equal(gold, one) for one in meant):
            return True
    return False


def reply(line: str) -> dict[str, Any]:
    """The reply to one request."""
    try:
        request = json.loads(line)
        return {"correct": correct(request["answers"], request["output"])}
    except MemoryError:
        return {"error": "it took too much memory"}
    except RecursionError:
        return {"correct": False}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Answer requests until the input ends; what libraries print goes nowhere."""
    replies = sys.stdout
    sys.stdout = sys.stderr
    limit_memory()
    try:
        import latex2sympy2_extended  # noqa: F401  (loaded before the clock runs)
    except ImportError:
        replies.write(json.dumps({"missing": True}) + "\n")
        return
    replies.write(json.dumps({"ready": True}) + "\n")
    replies.flush()
    for line in sys.stdin:
        replies.write(json.dumps(reply(line)) + "\n")
        replies.flush()
