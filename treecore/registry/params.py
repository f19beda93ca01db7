"""Parameters of registered functions, read from their signatures; the command line, the app and the docs share them.

A parameter is a keyword-only argument with a default. Its type is `int`, `float`, `bool`, `str` or a `Literal` of
strings; bounds come from `Annotated[float, Bounds(0, 1)]`; its meaning from the `Args:` part of the docstring.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from treecore.errors import MethodError

Value = int | float | bool | str
Kind = Literal["int", "float", "bool", "str", "choice"]
SECTIONS = "Args|Columns|Returns|Raises|Departures"
TRUE_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Bounds(NamedTuple):
    """Smallest and largest value allowed, both included."""

    low: float = -math.inf
    high: float = math.inf


class Only(NamedTuple):
    """The parameter counts only where `other` has one of these values."""

    other: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Param:
    """One parameter of a registered function.

    Attributes:
        name: keyword.
        type: `int`, `float`, `bool`, `str` or `choice`.
        default: value when not given.
        choices: names allowed for a `choice`.
        low, high: bounds, included; infinite when there are none.
        meaning: one sentence from the docstring.
        only: where it counts; None for everywhere.
    """

    name: str
    type: Kind
    default: Value
    choices: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    meaning: str = ""
    only: Only | None = None

    def counts(self, values: Mapping[str, Any]) -> bool:
        """Whether the parameter makes a difference beside `values` of the others."""
        return self.only is None or values.get(self.only.other) in self.only.values

    def parse(self, value: Any) -> Value:
        """`value` (text or already typed) as this parameter's type.

        Raises:
            MethodError: wrong type, out of bounds, not a choice.
        """
        text = "" if value is None else str(value).strip()
        wrong = MethodError(f"{self.name}={text!r} is not {self._expected()}", todo="change it")
        if self.type == "choice":
            if text not in self.choices:
                raise wrong
            return text
        if self.type == "bool":
            if text.lower() not in TRUE_WORDS:
                raise wrong
            return TRUE_WORDS[text.lower()]
        if self.type == "str":
            return str(value)
        try:
            number: int | float = int(text) if self.type == "int" else float(text)
        except ValueError:
            raise wrong from None
        if not self.low <= number <= self.high:
            raise wrong
        return number

    def _expected(self) -> str:
        if self.type == "choice":
            return "one of " + ", ".join(self.choices)
        if self.type == "bool":
            return "true or false"
        kind = {"int": "a whole number", "float": "a number", "str": "text"}[self.type]
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"{kind} from {self.low:g} to {self.high:g}"
        if math.isfinite(self.low):
            return f"{kind} of at least {self.low:g}"
        return kind

    def as_json(self) -> dict[str, Any]:
        """The fields that the contract lists, JSON-ready."""
        finite = {k: v for k, v in (("minimum", self.low), ("maximum", self.high)) if math.isfinite(v)}
        choices = {"choices": list(self.choices)} if self.choices else {}
        return (
            {
                "name": self.name,
                "type": self.type,
                "default": self.default,
                "meaning": self.meaning,
            }
            | finite
            | choices
        )


def params_of(function: Callable[..., Any]) -> tuple[Param, ...]:
    """Parameters of `function`: its keyword-only arguments that have a default, in order.

    Raises:
        TypeError: one is of a type that cannot be set.
    """
    hints = get_type_hints(function, include_extras=True)
    meanings = entries_of(function, "Args")
    params = []
    for name, argument in inspect.signature(function).parameters.items():
        if argument.kind is not inspect.Parameter.KEYWORD_ONLY or argument.default is inspect.Parameter.empty:
            continue
        hint, bounds, only = hints.get(name, type(argument.default)), Bounds(), None
        if get_origin(hint) is Annotated:
            hint, *notes = get_args(hint)
            bounds = next((note for note in notes if isinstance(note, Bounds)), bounds)
            only = next((note for note in notes if isinstance(note, Only)), None)
        choices = get_args(hint) if get_origin(hint) is Literal else ()
        kind: Any = "choice" if choices else getattr(hint, "__name__", str(hint))
        if kind not in get_args(Kind):
            raise TypeError(f"{name!r} is of type {kind}; int, float, bool, str and Literal can be set")
        meaning = meanings.get(name, "")
        params.append(Param(name, kind, argument.default, choices, bounds.low, bounds.high, meaning, only))
    return tuple(params)


def entries_of(documented: object, section: str) -> dict[str, str]:
    """Name -> meaning, from a section of the docstring that lists names; a line names one or more."""
    match = re.search(
        rf"^ *{section}:\n(.*?)(?:\n *\n|\n *[A-Z]\w+:\n|\Z)", inspect.cleandoc(documented.__doc__ or ""), re.S | re.M
    )
    if not match:
        return {}
    entries = re.split(r"^ {4}(?=\w[\w, ]*:)", match.group(1), flags=re.M)
    pairs = (entry.split(":", 1) for entry in entries if ":" in entry)
    return {name.strip(): " ".join(text.split()) for name, text in pairs}


def summary_of(function: Callable[..., Any]) -> str:
    """The docstring before its first `Args:`, as paragraphs of plain words."""
    doc = re.split(rf"^ *(?:{SECTIONS}):", inspect.cleandoc(function.__doc__ or ""), flags=re.M)
    return re.sub(r"(?<!\n)\n(?!\n)", " ", doc[0]).strip()


def section_of(function: Callable[..., Any], name: str) -> str:
    """One section of the docstring on one line, "" when there is none."""
    parts = re.split(rf"^ *({SECTIONS}):", inspect.cleandoc(function.__doc__ or ""), flags=re.M)
    return " ".join(dict(zip(parts[1::2], parts[2::2], strict=True)).get(name, "").split())


def parse_settings(params: tuple[Param, ...], settings: Mapping[str, Any], *, owner: str) -> dict[str, Value]:
    """All parameters with their values: defaults, overridden by `settings`.

    Raises:
        MethodError: an unknown name, a value that does not parse, or one that makes no difference beside the others.
    """
    known = {param.name: param for param in params}
    unknown = [name for name in settings if name not in known]
    if unknown:
        allowed = ", ".join(known) or "none"
        raise MethodError(f"{owner} has no parameter {unknown[0]!r}", todo=f"its parameters are: {allowed}")
    values: dict[str, Value] = {param.name: param.default for param in params}
    for name, value in settings.items():
        try:
            values[name] = known[name].parse(value)
        except MethodError as error:
            raise error.at(owner) from None
    for name in settings:
        only = known[name].only
        if only is not None and values[name] != known[name].default and not known[name].counts(values):
            found = f"{name} makes no difference with {only.other}={shown(values[only.other])}"
            wanted = " or ".join(map(shown, only.values))
            raise MethodError(found, where=owner, todo=f"leave it out, or set {only.other}={wanted}")
    return values


def shown(value: Value) -> str:
    """A value as settings write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
