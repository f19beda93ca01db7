"""Whether an expected answer and one that was said are the same. Knows structure; values are compared elsewhere.

Single fractions are settled here. Where algebra must tell, `NeedsAlgebraError` is raised unless it may be used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from treecore.tasks.verifiers.mathematics.answer import Answer, Items, Matrix, Relation, Words
from treecore.tasks.verifiers.mathematics.rational import Rational, rational, same, shortens
from treecore.tasks.verifiers.mathematics.reading import is_name, is_number, is_worked_out
from treecore.tasks.verifiers.mathematics.value import Value

REALS = Items("tuple", (Value(r"-\infty"), Value(r"\infty")), "(", ")")
_REAL_WORDS = frozenset({"all real numbers", "all reals", "real numbers", "the real numbers", "all real number"})
_SYMBOLS = re.compile(r"(?<!\d)\s+|\s+(?!\d)|[{}]")
_SPACES = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
_ONE_SIGN = re.compile(r"\{(\w)\}|\{(\\[a-zA-Z]+)\}(?![a-zA-Z])")
"""Braces around one sign, which change nothing; around more they say how far a power, a root or a fraction reaches."""
_LITERAL = re.compile(
    r"'|\^\s*\{?\s*(?:T(?![a-zA-Z])|\\top|\\dagger|\\prime)|\\(?:angle|triangle)|\\over\w+\s*\{\s*[a-zA-Z]"
)
"""Marks that the algebra would drop, compared as written: primes, transposes, figures named by their points."""


class NeedsAlgebraError(Exception):
    """The answers cannot be compared by structure and fractions alone."""


class Comparison:
    """Compares answers.

    Attributes:
        algebra: whether sympy may be asked.
    """

    def __init__(self, *, algebra: bool) -> None:
        self.algebra = algebra

    def equal(self, gold: Answer, said: Answer) -> bool:
        """Whether `said` is `gold`."""
        gold, said = _simple(gold), _simple(said)
        if _of_other_names(gold, said):
            return False
        if gold == said:
            return True
        if isinstance(gold, Items) and gold.kind == "either":
            return self._either(gold, said)
        if isinstance(said, Items) and said.kind == "either":
            return self._either(said, gold)
        if isinstance(gold, Relation) or isinstance(said, Relation):
            return self._relations(gold, said)
        if isinstance(gold, Items) and isinstance(said, Items):
            gold, said = _as_point(gold, beside=said), _as_point(said, beside=gold)
            return self._items(gold, said)
        if isinstance(gold, Matrix) and isinstance(said, Matrix):
            return len(gold.rows) == len(said.rows) and all(map(self._in_order, gold.rows, said.rows))
        if isinstance(gold, Value) and isinstance(said, Value):
            return self._values(gold, said)
        if isinstance(gold, Words) and isinstance(said, Value | Words):
            return _letters(gold.text) == _letters(said.text)
        return isinstance(said, Words) and isinstance(gold, Value) and _letters(gold.text) == _letters(said.text)

    def _either(self, either: Items, other: Answer) -> bool:
        """Whether another answer is one of two readings; where both have two, they must have been the same text."""
        if isinstance(other, Items) and other.kind == "either":
            return False
        return any(self.equal(one, other) for one in either.items)

    def _items(self, gold: Items, said: Items) -> bool:
        kinds = {gold.kind, said.kind}
        if kinds <= {"list", "set"}:
            if _named(gold.items) != _named(said.items):
                return self._in_order(gold.items, said.items)
            if gold.opens != said.opens:
                return False
            once = "set" in kinds
            return self._in_any_order(self._distinct(gold.items, once), self._distinct(said.items, once))
        if kinds == {"list", "tuple"} and all(len(one.items) > 2 for one in (gold, said)):
            ordered = gold if gold.kind == "tuple" else said
            return ordered.opens == "[" and self._in_order(gold.items, said.items)
        if len(kinds) > 1 or not self._in_order(gold.items, said.items):
            return False
        return (gold.opens, gold.closes) == (said.opens, said.closes)

    def _distinct(self, items: Sequence[Answer], once: bool) -> list[Answer]:
        """The items, equal ones once if asked."""
        kept: list[Answer] = []
        for item in items:
            if not (once and any(self.equal(item, one) for one in kept)):
                kept.append(item)
        return kept

    def _in_order(self, gold: Sequence[Answer], said: Sequence[Answer]) -> bool:
        return len(gold) == len(said) and all(map(self.equal, gold, said))

    def _in_any_order(self, gold: Sequence[Answer], said: Sequence[Answer]) -> bool:
        if len(gold) != len(said):
            return False
        left = list(said)
        for one in gold:
            place = next((place for place, other in enumerate(left) if self.equal(one, other)), None)
            if place is None:
                return False
            left.pop(place)
        return True

    def _relations(self, gold: Answer, said: Answer) -> bool:
        if isinstance(gold, Relation) and isinstance(said, Relation):
            equal = self._both(gold, said)
        else:
            one, other = (_result(side) if isinstance(side, Relation) else side for side in (gold, said))
            equal = one is not None and other is not None and self.equal(one, other)
        return equal and not any(self._is_false(one) for one in (gold, said) if isinstance(one, Relation))

    def _is_false(self, relation: Relation) -> bool:
        """Whether two sides of an equation, or of a chain of them, are numbers that can be decided to differ."""
        sides = (relation.left, *relation.between, relation.right)
        numbers = [side for side in sides if isinstance(side, Value) and is_number(side)]
        return relation.operator == "=" and any(map(self._differ, numbers, numbers[1:]))

    def _differ(self, one: Value, other: Value) -> bool:
        """Whether two numbers are decided to differ in any reading of a per cent sign, neither the other rounded."""
        if "degree" in (one.unit, other.unit) or (one.unit and other.unit and one.unit != other.unit):
            return False
        return all(self._texts_differ(left, right) for left in _readings(one) for right in _readings(other))

    def _texts_differ(self, one: str, other: str) -> bool:
        left, right = rational(one), rational(other)
        if left is not None and right is not None:
            return left.number != right.number and not (shortens(left, right.number) or shortens(right, left.number))
        if not self.algebra:
            raise NeedsAlgebraError
        from treecore.tasks.verifiers.mathematics.algebra import differ

        return differ(one, other)

    def _both(self, gold: Relation, said: Relation) -> bool:
        if gold.operator != said.operator:
            return False
        turns = [(said.left, said.right)]
        if gold.operator in ("=", r"\ne"):
            turns.append((said.right, said.left))
        if any(gold.left == left and self.equal(gold.right, right) for left, right in turns):
            return True
        sides = (gold.left, gold.right, said.left, said.right)
        if not all(isinstance(side, Value) for side in sides):
            return False
        if not self.algebra:
            raise NeedsAlgebraError
        from treecore.tasks.verifiers.mathematics.algebra import proportional

        texts = [side.text for side in sides if isinstance(side, Value)]
        if any(_LITERAL.search(text) for text in texts):
            return [*map(_written, texts[:2])] == [*map(_written, texts[2:])]
        positive = gold.operator in ("<", r"\le")
        return proportional((texts[0], texts[1]), (texts[2], texts[3]), positive=positive)

    def _values(self, gold: Value, said: Value) -> bool:
        if gold.unit and said.unit and gold.unit != said.unit:
            return False
        if "‰" in gold.unit + said.unit and gold.unit != said.unit:
            return False
        if gold.base is not None or said.base is not None:
            return _based(gold, said)
        one, other = rational(gold.text), rational(said.text)
        if one is not None and other is not None:
            return _equal_fractions(one, other, gold.percent, said.percent)
        if said.percent and not gold.percent:
            return self._hundredth(gold, said)
        if gold.percent and not said.percent:
            return self._texts(gold.text, said.text, one, other) or self._hundredth(gold, said)
        return self._texts(gold.text, said.text, one, other)

    def _hundredth(self, gold: Value, said: Value) -> bool:
        """Whether a per cent sign on one side counts as a hundredth."""
        texts = [rf"\frac{{{one.text}}}{{100}}" if one.percent else one.text for one in (gold, said)]
        return self._texts(texts[0], texts[1], rational(texts[0]), rational(texts[1]))

    def _texts(self, gold: str, said: str, one: Rational | None, other: Rational | None) -> bool:
        if _written(gold) == _written(said):
            return True
        if _LITERAL.search(gold) or _LITERAL.search(said):
            return False
        if not self.algebra:
            raise NeedsAlgebraError
        from treecore.tasks.verifiers.mathematics.algebra import equal_expressions, rounded_by

        if one is not None and one.places is not None and rounded_by(one, said):
            return True
        if other is not None and other.places is not None and rounded_by(other, gold):
            return True
        return equal_expressions(gold, said)


def _readings(number: Value) -> list[str]:
    """A number without its base, and as hundredths too where a per cent sign stood behind it."""
    text = number.text if number.base is None else str(int(number.text, number.base))
    return [text, rf"\frac{{{text}}}{{100}}"] if number.percent else [text]


def _result(relation: Relation) -> Answer | None:
    """What a relation says that a name is, or that comes out on its right; None where it says neither."""
    worked_out = relation.operator == "=" and is_worked_out(relation.left) and not is_name(relation.right)
    return relation.right if worked_out else _meant(relation)


def _meant(relation: Relation) -> Answer | None:
    """What a relation says that a name is, or may be; None where it says something else."""
    if relation.operator == r"\ne" and is_name(relation.left) and not is_name(relation.right):
        below = Items("tuple", (REALS.items[0], relation.right), "(", ")")
        return Items("list", (below, Items("tuple", (relation.right, REALS.items[1]), "(", ")")))
    if relation.operator != "=":
        return None
    if is_name(relation.left) or _is_point(relation.left):
        return relation.right
    return relation.left if is_name(relation.right) else None


def _is_point(answer: Answer) -> bool:
    """Whether an answer is `(x, y)`: names between brackets, in the order in which a bare tuple is meant."""
    if not isinstance(answer, Items) or answer.kind != "tuple" or not all(map(is_name, answer.items)):
        return False
    names = [item.text for item in answer.items if isinstance(item, Value)]
    return len(names) == len(answer.items) and names == sorted(set(names))


def _as_point(several: Items, *, beside: Items) -> Items:
    """`x = 2, y = 3` as `(2, 3)`, beside such a tuple; in the order of the names, which are single letters in a row."""
    if several.kind != "list" or beside.kind != "tuple" or (beside.opens, beside.closes) != ("(", ")"):
        return several
    pairs = [(one.left, one.right) for one in several.items if isinstance(one, Relation) and one.operator == "="]
    values = {name.text: coordinate for name, coordinate in pairs if isinstance(name, Value)}
    if len(values) < len(several.items) or "".join(sorted(values)) not in ("xy", "xyz", "ab", "abc"):
        return several
    return Items("tuple", tuple(values[name] for name in sorted(values)), "(", ")")


def _named(items: Sequence[Answer]) -> bool:
    """Whether several values are each given to a name, so that their order tells which is which."""
    return all(isinstance(item, Relation) and _meant(item) is not None for item in items)


def _of_other_names(one: Answer, other: Answer) -> bool:
    """Whether both say what their items are, and it is not the same: `x = 1 or x = 2`, and `x = 1, y = 2`."""
    if not (isinstance(one, Items) and isinstance(other, Items)):
        return False
    names = _names_of(one), _names_of(other)
    return all(names) and names[0] != names[1] and bool(one.name or other.name)


def _names_of(items: Items) -> set[str]:
    """What the items are said to be."""
    if items.name:
        return {_written(items.name)}
    left = [item.left for item in items.items if isinstance(item, Relation) and item.operator == "="]
    return {_written(name.text) for name in left if isinstance(name, Value) and is_name(name)}


def _simple(answer: Answer) -> Answer:
    """Lists of one as that one, and the real numbers as an interval."""
    if isinstance(answer, Items) and answer.kind in ("list", "set") and len(answer.items) == 1:
        return _simple(answer.items[0]) if answer.kind == "list" else answer
    if (isinstance(answer, Words) and answer.text in _REAL_WORDS) or answer == Value(r"\mathbb{R}"):
        return REALS
    return answer


def _written(text: str) -> str:
    return _ONE_SIGN.sub(r"\1\2", _SPACES.sub("", text))


def _letters(text: str) -> str:
    return _SYMBOLS.sub("", text.casefold()).strip("().\\$")


def _equal_fractions(gold: Rational, said: Rational, gold_percent: bool, said_percent: bool) -> bool:
    """Whether fractions are one, where a per cent sign may be left out.

    It may be added only to what is more than 1, since 0.5% is no half.
    """
    added = said_percent and not gold_percent
    if same(gold, said) and not (added and 0 < abs(gold.number) <= 1):
        return True
    if gold_percent == said_percent:
        return False
    percent, plain = (gold, said) if gold_percent else (said, gold)
    return percent.number / 100 == plain.number


def _based(gold: Value, said: Value) -> bool:
    """Digits of a base: bare digits are meant in the base of the expected answer, those with a base by their value."""
    if said.base is None:
        return _digits(said.text) == _digits(gold.text)
    number = int(said.text, said.base)
    if gold.base is not None:
        return int(gold.text, gold.base) == number
    wanted = rational(gold.text)
    return wanted is not None and wanted.number == number


def _digits(text: str) -> str:
    return re.sub(r"[\s{}(),]", "", text).upper().lstrip("0") or "0"
