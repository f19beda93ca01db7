"""The value of a worked equation, read from its LaTeX as a reader of the page does."""

from __future__ import annotations

import math
import re

NAMES = {"sqrt": math.sqrt, "tanh": math.tanh, "max": max}
FRACTION, ROOT = re.compile(r"\\frac\{([^{}]*)\}\{([^{}]*)\}"), re.compile(r"\\sqrt\{([^{}]*)\}")
POWER = re.compile(r"10\^\{(-?\d+)\}")


def right_side(numbers: str) -> float | None:
    """What the right side of `left = numbers` amounts to; None where part of it is left out as dots or as no number.

    Words are nothing: an equation that is right only by its words has sides that differ.
    """
    text = re.sub(r"\\text\{[^}]*\}", "", numbers.split(" = ", 1)[1])
    if r"\cdots" in numbers or r"n/a" in numbers or r"\varnothing" in numbers:
        return None
    text = POWER.sub(r"1e\1", text)
    text = re.sub(r"\\mathbb\{1\}\[([^\]]*)\]", r"(\1)", text.replace(r"\ge", ">="))
    while (simpler := ROOT.sub(r"sqrt(\1)", FRACTION.sub(r"((\1)/(\2))", text))) != text:
        text = simpler
    text = text.replace(r"\cdot", "*").replace(r"\max", "max").replace(r"\tanh", "tanh")
    text = re.sub(r"\)\s*\(", ")*(", text)
    try:
        return float(eval(text, {"__builtins__": {}}, NAMES))
    except SyntaxError:
        raise AssertionError(rf"{numbers!r} cannot be worked: write \cdot between factors") from None
