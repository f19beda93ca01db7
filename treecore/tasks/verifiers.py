"""What a verifier is, the one list of all verifiers, and a verifier with its settings as a task uses it.

A verifier is a function `(question, answers, output, *, parameters) -> reward`: `answers` are the expected ones, any
of which will do, `output` is all that the model wrote. Knows no file and no model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from treecore.errors import TaskError, boundary
from treecore.params import Param, Value, params_of, parse_settings, summary_of
from treecore.tasks.plugin import is_entry_point, load_entry_point

Score = Callable[..., float]


@dataclass(frozen=True)
class Verifier:
    """A registered verifier.

    Attributes:
        name, title: for lists and pickers.
        function: see above.
        output_for: answer -> an output that must earn 1, or None where none follows from the answer; a TaskError
            where the answer is not one that this verifier takes.
    """

    name: str
    title: str
    function: Score
    output_for: Callable[[str], str | None]

    @cached_property
    def params(self) -> tuple[Param, ...]:
        return params_of(self.function)

    @property
    def summary(self) -> str:
        """Plain words, from the docstring."""
        return summary_of(self.function)

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "parameters": [param.as_json() for param in self.params],
        }


VERIFIERS: dict[str, Verifier] = {}


def verifier(*, title: str, output_for: Callable[[str], str | None] = str) -> Callable[[Score], Score]:
    """Register a verifier under the function's name; its summary is the docstring, its parameters the signature."""

    def register(function: Score) -> Score:
        name = function.__name__.rstrip("_")
        VERIFIERS[name] = Verifier(name, title, function, output_for)
        return function

    return register


@dataclass(frozen=True)
class Check:
    """A verifier with its settings.

    Attributes:
        text: as the user wrote it, for example `number tolerance=0.01`.
        verifier: what scores.
        settings: all its parameters.
    """

    text: str
    verifier: Verifier
    settings: dict[str, Value]

    def score(self, question: str, answers: Sequence[str], output: str) -> float:
        """Reward of an output.

        Raises:
            TaskError: the verifier failed, or gave no finite number.
        """
        what = f"verifier '{self.verifier.name}'"
        with boundary(TaskError, what):
            earned = float(self.verifier.function(question, answers, output, **self.settings))
        if not math.isfinite(earned):
            raise TaskError(f"{what} gave {earned}", todo="give a finite number")
        return earned

    def gold_output(self, answers: Sequence[str]) -> str | None:
        """An output that must earn 1; None where the answers tell none."""
        return self.verifier.output_for(answers[0])

    def refuses(self, question: str, answers: Sequence[str], gold: str | None = None) -> str:
        """Why the verifier accepts no answer of its own row; "" when it accepts one or when none can be told.

        Args:
            gold: an output that must earn 1, in place of those that follow from the answers.
        """
        reasons = [self._refusal(question, answers, answer, gold) for answer in answers]
        return reasons[0] if all(reasons) else ""

    def _refusal(self, question: str, answers: Sequence[str], answer: str, gold: str | None) -> str:
        try:
            output = self.verifier.output_for(answer) if gold is None else gold
            earned = 1.0 if output is None else self.score(question, answers, output)
        except TaskError as error:
            return str(error)
        if output is None or earned == 1.0:
            return ""
        return f"verifier '{self.verifier.name}' gives {earned:g}, not 1, to the row's own answer {output[:60]!r}"


def get_check(text: str) -> Check:
    """A verifier by what a user writes: a name with settings (`number tolerance=0.01`), or `module:function`.

    Raises:
        TaskError: no such verifier, no such module or function.
        MethodError: a setting that does not fit.
    """
    name, *pairs = text.split() or [""]
    found = _own(name) if is_entry_point(name) else known_verifiers().get(name)
    if found is None:
        raise TaskError(
            f"no verifier is called {name!r}",
            todo=f"choose one of {', '.join(known_verifiers())}, or give module:function",
        )
    settings: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise TaskError(
                f"{pair!r} is not K=V", where=f"verifier '{name}'", todo="write name=value after the verifier"
            )
        settings[key] = value
    return Check(text, found, parse_settings(found.params, settings, owner=f"verifier '{name}'"))


def known_verifiers() -> dict[str, Verifier]:
    """`VERIFIERS` with all that the package brings."""
    from treecore.tasks import verify_math, verify_text  # noqa: F401  (registers them)

    return VERIFIERS


def _own(entry_point: str) -> Verifier:
    """A verifier around the user's `f(prompt, answer, output)`; `answer` is a list where the row gives several."""
    function = load_entry_point(entry_point)

    def score(question: str, answers: Sequence[str], output: str) -> float:
        return float(function(question, answers[0] if len(answers) == 1 else list(answers), output))

    return Verifier(entry_point, entry_point, score, lambda answer: None)
