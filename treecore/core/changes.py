"""Changes that one may ask "what if" about, as data and as a short text for addresses. Knows no forest.

The text is a list such as `flip:a4,reward:c2=0.5,prune:b1,copy:b2`, in the order in which the changes are made. In ids,
`%`, `,`, `=`, blanks and what is not printed stand as `%` and two hexadecimal digits a byte, as in addresses.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote, unquote

from treecore.core.columns import MAX_REWARD
from treecore.errors import ForestError

PLAIN = "!$&'()*+-./:;?@_~|"
"""Characters of ids that stand for themselves, beside letters and digits of ASCII."""
UNSCORED = "none"


@dataclass(frozen=True)
class Flip:
    """The outcome of a leaf becomes the opposite one: what was right is wrong, 0.3 of 1 is 0.7.

    Attributes:
        node: id of the leaf, as text.
    """

    verb: ClassVar[str] = "flip"
    node: str


@dataclass(frozen=True)
class SetReward:
    """A leaf gets another reward.

    Attributes:
        node: id of the leaf, as text.
        reward: in the task's units; None takes its outcome away.
    """

    verb: ClassVar[str] = "reward"
    node: str
    reward: float | None


@dataclass(frozen=True)
class Prune:
    """A step and everything after it is taken away, and what led nowhere else.

    Attributes:
        node: id of the step, as text.
    """

    verb: ClassVar[str] = "prune"
    node: str


@dataclass(frozen=True)
class Copy:
    """A step and everything after it is there once more, beside itself.

    Attributes:
        node: id of the step, as text.
    """

    verb: ClassVar[str] = "copy"
    node: str


Change = Flip | SetReward | Prune | Copy
PLAIN_CHANGES: dict[str, type[Flip | Prune | Copy]] = {kind.verb: kind for kind in (Flip, Prune, Copy)}


def as_text(changes: Iterable[Change]) -> str:
    """The changes as a list that `from_text` reads; "" for none."""
    return ",".join(map(_written, changes))


def _written(change: Change) -> str:
    name = quote(change.node, safe=PLAIN, errors="surrogatepass")
    if not isinstance(change, SetReward):
        return f"{change.verb}:{name}"
    return f"{change.verb}:{name}={UNSCORED if change.reward is None else repr(float(change.reward))}"


def from_text(text: str) -> tuple[Change, ...]:
    """The changes that a list names.

    Raises:
        ForestError: something in it is no change.
    """
    return tuple(_read(piece.strip()) for piece in text.split(",") if piece.strip())


def _read(piece: str) -> Change:
    verb, colon, rest = piece.partition(":")
    name, equals, value = rest.rpartition("=") if verb == SetReward.verb else (rest, "", "")
    try:
        node = unquote(name, errors="surrogatepass")
    except UnicodeDecodeError:
        node = ""
    if colon and node and verb in PLAIN_CHANGES:
        return PLAIN_CHANGES[verb](node)
    if colon and node and equals:
        return SetReward(node, reward_of(value))
    raise ForestError(
        f"{piece[:60]!r} is no change", todo="write flip:ID, prune:ID, copy:ID or reward:ID=NUMBER, with commas between"
    )


def reward_of(text: str) -> float | None:
    """A reward as it is written, None for `none`.

    Raises:
        ForestError: it is no number that a reward may be.
    """
    if text == UNSCORED:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if not abs(value) <= MAX_REWARD:
        raise ForestError(f"{text[:60]!r} is no reward", todo=f"give a number, or {UNSCORED} for no outcome")
    return value


def changes_in(given: str | Change | Sequence[Change]) -> tuple[Change, ...]:
    """Changes in any of the ways in which they may be given."""
    if isinstance(given, str):
        return from_text(given)
    return (given,) if isinstance(given, Change) else tuple(given)
