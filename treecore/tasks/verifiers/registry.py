"""What a verifier is, the one list of all verifiers, and a verifier with its settings as a task uses it.

A verifier is a function `(question, answers, output, *, parameters) -> reward`: `answers` are the expected ones, any
of which will do, `output` is all that the model wrote. Knows no file and no model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, SupportsFloat

from treecore.core.columns import MAX_REWARD
from treecore.errors import TaskError, boundary
from treecore.registry.entry_points import is_entry_point, load_entry_point
from treecore.registry.parameterised import Parameterised
from treecore.registry.params import Value, parse_settings
from treecore.registry.registry import Registry

Score = Callable[..., float]
Outputs = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Verifier(Parameterised):
    """A registered verifier.

    Attributes:
        name, title: for lists and pickers.
        function: see above.
        outputs_for: answer -> outputs that must each earn 1, none where none follows from the answer; a TaskError
            where the answer is not one that this verifier takes.
        own: written by the user, so that its scale and the form of its answers are not known.
    """

    name: str
    title: str
    function: Score
    outputs_for: Outputs
    own: bool = False

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "parameters": [param.as_json() for param in self.params],
        }


VERIFIERS = Registry[Verifier]("verifier", group="treecore.verifiers", error=TaskError)


def tagged(answer: str) -> str:
    """An answer between tags, as models are often asked to give it."""
    return f"<answer> {answer} </answer>"


def both(answer: str) -> tuple[str, ...]:
    """An answer alone and between tags."""
    return answer, tagged(answer)


def verifier(*, title: str, outputs_for: Outputs = both) -> Callable[[Score], Score]:
    """Register a verifier under the function's name; its summary is the docstring, its parameters the signature.

    Raises:
        TaskError: the name is taken.
    """

    def register(function: Score) -> Score:
        name = function.__name__.rstrip("_")
        VERIFIERS.add(Verifier(name, title, function, outputs_for))
        return function

    return register


class Trial(NamedTuple):
    """What a verifier makes of a row's own answers.

    Attributes:
        refusal: why it cannot judge the row: it accepts none of the answers, or, where the user wrote it, it gives no
            number for one of them; "" when it can, or when none is known.
        rejected: the user wrote it, and it gives nothing for all of the answers, as they are and between tags.
    """

    refusal: str = ""
    rejected: bool = False


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
            TaskError: the verifier failed, or gave no finite number, or one beyond `MAX_REWARD`.
        """
        what = f"verifier '{self.verifier.name}'"
        with boundary(TaskError, what):
            given: object = self.verifier.function(question, answers, output, **self.settings)
            earned = float(given) if isinstance(given, SupportsFloat) else math.nan
        if not math.isfinite(earned):
            shown = earned if isinstance(given, SupportsFloat) else repr(given)[:60]
            raise TaskError(f"{what} gave {shown}", todo="give a finite number")
        if abs(earned) > MAX_REWARD:
            todo = f"give a number between -{MAX_REWARD:g} and {MAX_REWARD:g}"
            raise TaskError(f"{what} gave {earned:g}", todo=todo)
        return earned

    def gold_output(self, answers: Sequence[str]) -> str | None:
        """An output that must earn 1; None where the answers tell none."""
        return next(iter(self.verifier.outputs_for(answers[0])), None) if not self.verifier.own else None

    def trial(self, question: str, answers: Sequence[str], gold: str | None = None) -> Trial:
        """Judge a row's own answers.

        Args:
            gold: an output that must earn 1, in place of those that follow from the answers.
        """
        trials = [self._tried(question, answers, one, gold) for one in (answers if gold is None else answers[:1])]
        refusals = [one.refusal for one in trials]
        if self.verifier.own:
            refusal = next(filter(None, refusals), "")
            return Trial(refusal, not refusal and all(one.rejected for one in trials))
        return Trial(refusals[0] if all(refusals) else "")

    def _tried(self, question: str, answers: Sequence[str], answer: str, gold: str | None) -> Trial:
        try:
            outputs = self.verifier.outputs_for(answer) if gold is None else [gold]
            earned = [self.score(question, answers, output) for output in outputs]
        except TaskError as error:
            return Trial(str(error))
        if gold is None and self.verifier.own:
            return Trial(rejected=max(earned) <= 0)
        wrong = next((pair for pair in zip(earned, outputs, strict=True) if pair[0] != 1.0), None)
        if wrong is None:
            return Trial()
        name = self.verifier.name
        return Trial(f"verifier '{name}' gives {wrong[0]:g}, not 1, to the row's own answer {wrong[1][:60]!r}")


def get_check(text: str) -> Check:
    """A verifier by what a user writes: a name with settings (`number tolerance=0.01`), or `module:function`.

    Raises:
        TaskError: no such verifier, no such module or function.
        MethodError: a setting that does not fit.
    """
    name, *pairs = text.split() or [""]
    found = _own(name) if is_entry_point(name) else VERIFIERS.get(name)
    if found is None:
        raise TaskError(
            f"no verifier is called {name!r}",
            todo=f"choose one of {', '.join(VERIFIERS)}, or give module:function",
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


def _own(entry_point: str) -> Verifier:
    """A verifier around the user's `f(prompt, answer, output)`; `answer` is a list where the row gives several."""
    function = load_entry_point(entry_point)

    def score(question: str, answers: Sequence[str], output: str) -> float:
        earned: float = function(question, answers[0] if len(answers) == 1 else list(answers), output)
        return earned

    return Verifier(name=entry_point, title=entry_point, function=score, outputs_for=both, own=True)
