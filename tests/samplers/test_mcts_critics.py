"""Critics that come from outside the package: an entry point, and a language model that is asked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from served import Row, Served

from treecore.cli import main
from treecore.errors import MethodError, TaskError
from treecore.formats import read
from treecore.rollouts import rollout
from treecore.samplers import SAMPLERS
from treecore.samplers.mcts.critics import get_critic
from treecore.samplers.mcts.prompted import STEP, VOTES, WHOLE, PromptedCritic, first_word

SMALL = {"simulations": 4, "min_terminals": 0, "rollouts": 1, "max_repeats": 1, "root_width": 2}
OWN = """
class Likes:
    label = "likes the letter f"
    def __init__(self): self.asked = []
    def __call__(self, growth, row):
        self.asked.append(growth.prompt.question)
        return growth.nodes[row].text.count("f") / 100
def nothing(): return 7
def broken(): raise ValueError("no weights")
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_critics.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)


def test_an_entry_point_makes_a_critic_that_sees_the_question(own: None) -> None:
    found = get_critic("own_critics:Likes", role="value")
    assert found is not None
    growth = Served(lambda growth, request: [])
    row = growth.add(growth.add(-1, Row()), Row("ffa"))
    assert found.judge(growth, row) == 0.02
    assert found.label == "likes the letter f"
    assert found.function.asked == ["say a or b"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("own_critics:nothing", "made int, which cannot be called"),
        ("own_critics:broken", "making critic 'own_critics:broken'.*no weights"),
        ("own_critics:absent", "has no 'absent'"),
        ("no_such_module:make", "there is no module 'no_such_module'"),
    ],
)
def test_an_entry_point_that_makes_none_is_refused(own: None, name: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        get_critic(name, role="outcome")


def test_a_rollout_is_guided_by_ones_own_critics(own: None) -> None:
    (forest,) = rollout(
        task="multihop", sampler="mcts", seed=1, value="own_critics:Likes", outcome="none", beta_value="2", **SMALL
    )
    assert forest.extra["sampler_notes"]["critics"] == {
        "value": "likes the letter f",
        "process": "none",
        "outcome": "none",
    }
    score = forest.columns["mcts_score"]
    judged = np.flatnonzero(np.isfinite(score))[1:]
    assert len(judged) > 1
    assert np.allclose(score[judged], [2 * forest.text[row].count("f") / 100 for row in judged])


def test_the_page_on_critics_works_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "critics.md").read_text()
    code, command = (page.split(f"```{language}\n")[1].split("```")[0] for language in ("python", "bash"))
    (tmp_path / "own.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    few = ("--set", "simulations=2", "--set", "min_terminals=0")
    result = CliRunner().invoke(main, [*command.split()[1:], *few])
    assert result.exit_code == 0, result.output
    (forest,) = read("run.forest.jsonl")
    assert forest.extra["sampler_notes"]["critics"]["value"] == "short answers"


class Scripted:
    """A policy whose answers are given; it keeps the prompts it was asked."""

    def __init__(self, answers: Sequence[str]) -> None:
        self.answers, self.asked = cycle(answers), list[str]()

    def session(self, **law: Any) -> Any:
        assert law["temperature"] == 1.0
        branches: list[Any] = []

        def open_(text: str) -> str:
            self.asked.append(text)
            return text

        def grow(state: str, random: np.random.Generator) -> Any:
            branches.append(SimpleNamespace(written=SimpleNamespace(text=next(self.answers))))
            branch = Branch(branches[-1].written)
            branches[-1] = branch
            return branch

        return SimpleNamespace(open=open_, grow=grow, advance=lambda: branches, end=lambda branch: None)


class Branch:
    def __init__(self, written: Any) -> None:
        self.written = written


def written() -> tuple[Served, int]:
    growth = Served(lambda growth, request: [])
    first = growth.add(growth.add(-1, Row()), Row("take a", observation="seen"))
    return growth, growth.add(first, Row("answer b"))


def test_a_prompted_critic_counts_votes_and_leaves_out_what_is_none() -> None:
    policy = Scripted([" True", "False.", " TRUE\n", "maybe"])
    growth, row = written()
    assert PromptedCritic(policy, STEP)(growth, row) == pytest.approx(2 / 3)  # type: ignore[arg-type]
    assert policy.asked[0].startswith("Problem:\nsay a or b\n\nSolution so far:\ntake aseen\n\nLast step:\nanswer b\n")
    assert "Answer with one word, True or False" in policy.asked[0]
    assert growth.prompt.reference not in policy.asked[0].replace("answer b", "").replace("a or b", "").split()


def test_a_prompted_critic_of_answers_asks_about_the_whole_and_gives_zero_where_nothing_is_said() -> None:
    growth, row = written()
    policy = Scripted(["correct", "wrong", "wrong", "wrong"])
    assert PromptedCritic(policy, WHOLE)(growth, row) == 0.25  # type: ignore[arg-type]
    assert "Solution:\ntake aseen\nanswer b" in policy.asked[0]
    assert PromptedCritic(Scripted(["who knows"]), WHOLE)(growth, row) == 0.0  # type: ignore[arg-type]
    assert VOTES % 4 == 0


def test_a_prompted_critic_needs_a_model_and_has_no_question_for_a_value() -> None:
    with pytest.raises(MethodError, match="no model to ask; set critic_model"):
        get_critic("prompted", role="outcome", model="")
    with pytest.raises(MethodError, match=r"value=prompted: no critic of unfinished steps .*; choose one of none, or"):
        get_critic("prompted", role="value")


def test_a_real_model_is_asked_and_the_forest_says_so() -> None:
    (forest,) = rollout(task="multihop", sampler="mcts", seed=1, outcome="prompted", critic_model="tiny", **SMALL)
    assert forest.extra["sampler_notes"]["critics"]["outcome"] == "prompted, untrained critic: tiny"
    score = forest.columns["mcts_score"]
    assert np.nanmax(score) <= 1
    assert np.nanmin(score) >= 0


def test_critics_are_named_among_what_no_visitor_may_set() -> None:
    named = {param.name for param in SAMPLERS["mcts"].params if param.type == "str"}
    assert named == SAMPLERS["mcts"].private


@pytest.mark.parametrize(("text", "word"), [("True.", "true"), ("", ""), ("  \n", ""), ("**wrong** x", "wrong")])
def test_first_words(text: str, word: str) -> None:
    assert first_word(text) == word
