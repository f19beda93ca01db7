"""Sampling runs: what a forest holds, what it cost, and that the same run gives the same forests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from toy import ToyTask, toy_policy

from treecore.analysis.growth import expansions
from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.core.topology import Topology
from treecore.errors import MethodError, PolicyError, TaskError, TreecoreError
from treecore.policies.local.policy import TransformersPolicy
from treecore.protocols import Prompt, Step, Turn
from treecore.rollouts import Progress, rollout
from treecore.rollouts.summary import summarise
from treecore.samplers import get_sampler
from treecore.samplers.registry import Expand, Growing, Growth

POLICY = toy_policy()


def texts(forests: Sequence[Forest]) -> list[tuple[object, ...]]:
    return [(forest.id, *forest.text, *forest.observation, *forest.parent.tolist()) for forest in forests]


def test_leaves_trees_and_fields() -> None:
    forests = rollout(task=ToyTask(), model=POLICY, prompts=4, m=3, n=2, l=2, seed=2)
    assert [forest.id for forest in forests] == [f"toy-{i}" for i in range(4)]
    for forest in forests:
        assert forest.n_trees == 3
        assert len(forest.leaves) == 3 * (1 + 2 * 2)
        assert np.isfinite(forest.reward[forest.leaves]).all()
        assert (forest.status >= 0).tolist() == forest.topology.is_leaf.tolist()
        assert forest.task == "toy"
        assert forest.prompt.startswith("question")
        assert forest.extra["input"].endswith("?")
        assert forest.sampler == {"name": "random_expansion", "parameters": {"m": 3, "n": 2, "l": 2}, "seed": 2}
        assert forest.policy["temperature"] == 1.0
        assert len(forest.policy["weights"]) == 64
        assert {"torch", "transformers", "python", "treecore", "seconds"} <= forest.provenance.keys()


def test_tokens_are_text_with_parts() -> None:
    forest = rollout(task=ToyTask(), model=POLICY, m=4, n=2, seed=5)[0]
    table = forest.tokens
    assert table is not None
    for row in range(len(forest)):
        span = range(table.start[row], table.start[row + 1])
        own = [i for i in span if table.part[i] > 0]
        assert "".join(table.text[i] for i in own if table.id[i] != 0) == forest.text[row]
        assert "".join(table.text[i] for i in span if table.part[i] == 0) == forest.observation[row]
        ends_answer = forest.text[row].endswith("!") and len(own) > 1
        assert [table.part[i] == 3 for i in own] == [ends_answer and i in own[-2:] for i in own]
    assert any(forest.observation)
    own_mask = table.part > 0
    assert np.isfinite(table.confidence[own_mask]).all()
    assert np.isnan(table.confidence[~own_mask]).all()


@pytest.mark.parametrize("max_sequences", [1, 3, 64])
def test_every_token_is_computed_once(max_sequences: int) -> None:
    forests = rollout(task=ToyTask(), model=toy_policy(max_sequences=max_sequences), prompts=3, m=2, n=2, l=2)
    for forest in forests:
        table, topology = forest.tokens, forest.topology
        assert table is not None
        cost = forest.provenance
        prompt = len(forest.extra["input"].split())
        unfed = sum(1 + int((table.part[table.start[i] : table.start[i + 1]] == 0).sum()) for i in forest.leaves)
        assert cost["tokens_in_forest"] == prompt + table.total
        assert cost["tokens_unfed"] == unfed
        assert cost["tokens_computed"] == prompt + table.total - unfed
        assert cost["tokens_generated"] == int((table.part > 0).sum())
        sizes = np.diff(table.start)
        chains = sum(prompt + int(sizes[topology.path(int(leaf))].sum()) for leaf in forest.leaves)
        assert cost["tokens_saved_by_sharing"] == chains - unfed - cost["tokens_computed"] > 0
    summary = summarise(forests, seconds=1.0, fresh=forests)
    assert summary.computed_ratio == 1.0
    assert summary.trajectories == 3 * 2 * 5
    assert 1 < summary.distinct_trajectories <= summary.trajectories
    assert summary.as_json()["mean_reward"] == summary.mean_reward


class Solved(ToyTask):
    """A solution of three steps; the last is four tokens with what is seen."""

    def __init__(self, *, wrong: bool = False) -> None:
        self.wrong = wrong

    def gold(self, prompt: Prompt) -> list[Step]:
        return [Step("a b ?", "seen e seen"), Step("c .", ""), Step("a !", "seen e")]

    def reward(self, prompt: Prompt, steps: Sequence[Step]) -> float:
        if self.wrong:
            raise ValueError("no")
        return 1.0


def test_the_last_step_of_a_recited_solution_is_never_fed() -> None:
    (forest,) = rollout(task=Solved(), model=POLICY, sampler="reverse_curriculum", n=2, temperature=0.5)
    table, cost = forest.tokens, forest.provenance
    assert table is not None
    sizes, prompt = np.diff(table.start), len(forest.extra["input"].split())
    solution = next(leaf for leaf in forest.leaves if forest.text[leaf] == "a !")
    drawn = [leaf for leaf in forest.leaves if leaf != solution]
    after = sum(1 + int((table.part[table.start[row] : table.start[row + 1]] == 0).sum()) for row in drawn)
    assert sizes[solution] == 4
    assert cost["tokens_unfed"] == after + 4
    assert cost["tokens_computed"] == prompt + table.total - after - 4
    chains = sum(prompt + int(sizes[forest.topology.path(int(leaf))].sum()) for leaf in forest.leaves)
    assert cost["tokens_saved_by_sharing"] == chains - after - 4 - cost["tokens_computed"] > 0
    assert summarise([forest], seconds=1.0, fresh=[forest]).computed_ratio == 1.0


def test_a_recited_solution_that_fails_is_not_fed_at_all() -> None:
    (forest,) = rollout(task=Solved(wrong=True), model=POLICY, sampler="reverse_curriculum", n=2)
    cost = forest.provenance
    assert (forest.status[forest.leaves] == Status.FAILED).all()
    assert cost["tokens_in_forest"] == cost["tokens_unfed"] == 4 + forest.tokens.total
    assert (cost["tokens_computed"], cost["tokens_saved_by_sharing"]) == (0, 0)
    assert summarise([forest], seconds=1.0, fresh=[forest]).computed_ratio == 1.0


def test_an_error_of_a_sampler_names_the_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(growth: Growth) -> Growing:
        (leaf,) = yield [Expand()]
        raise ValueError(f"row {leaf}")

    sampler = replace(get_sampler("chains"), function=broken)
    monkeypatch.setattr("treecore.rollouts.prepare.get_sampler", lambda name: sampler)
    with pytest.raises(
        MethodError, match=r"^prompt 'toy-0': sampler 'chains' failed with ValueError: row \d+$"
    ) as told:
        rollout(task=ToyTask(), model=POLICY, sampler="chains")
    assert isinstance(told.value.__cause__, ValueError)


def test_the_same_seed_gives_the_same_digest_and_another_seed_does_not() -> None:
    def digests(seed: int) -> list[str]:
        return [forest.digest for forest in rollout(task=ToyTask(), model=POLICY, prompts=2, seed=seed)]

    one = digests(4)
    assert one == digests(4)
    assert not set(one) & set(digests(5))


def test_what_is_drawn_does_not_depend_on_the_batch() -> None:
    task = ToyTask()
    prompts = task.prompts(3, seed=0)
    together = rollout(task=task, model=toy_policy(max_sequences=64), prompts=prompts, m=2, n=2, l=2)
    narrow = rollout(task=task, model=toy_policy(max_sequences=3), prompts=prompts, m=2, n=2, l=2)
    alone = [rollout(task=task, model=POLICY, prompts=[prompt], m=2, n=2, l=2)[0] for prompt in prompts]
    turned = rollout(task=task, model=toy_policy(max_sequences=5), prompts=prompts[::-1], m=2, n=2, l=2)[::-1]
    assert texts(together) == texts(narrow) == texts(alone) == texts(turned)


def test_more_chains_do_not_change_the_first() -> None:
    few = rollout(task=ToyTask(), model=POLICY, sampler="chains", m=2)[0]
    many = rollout(task=ToyTask(), model=POLICY, sampler="chains", m=5)[0]
    assert many.text[: len(few)] == few.text


def test_growth_can_be_replayed_from_born() -> None:
    forest = rollout(task=ToyTask(), model=toy_policy(max_sequences=3), m=3, n=4, l=2, seed=1)[0]
    assert forest.born.tolist() == list(range(len(forest)))
    found = expansions(forest)
    assert len(found) == len(forest.leaves) == 3 * (1 + 4 * 2)
    assert [one.is_chain for one in found] == [True] * 3 + [False] * 24
    assert [forest.tree[one.origin] for one in found[3:]] == [t for _ in range(2) for t in range(3) for _ in range(4)]
    for one in found:
        rows = [one.origin, *one.rows.tolist()]
        assert all(forest.parent[child] == above for above, child in pairwise(rows))
        assert forest.topology.is_leaf[rows[-1]]


def test_temperature_zero_writes_the_same_answer_again() -> None:
    forest = rollout(task=ToyTask(), model=POLICY, sampler="chains", m=3, temperature=0)[0]
    assert summarise([forest], seconds=1, fresh=[forest]).distinct_trajectories == 1
    assert set(forest.tokens.logprob[forest.tokens.part > 0]) == {0.0}


class Moody(ToyTask):
    """Fails where it is told to."""

    def __init__(self, where: str) -> None:
        self.where = where

    def respond(self, prompt: Prompt, steps: Sequence[Step], text: str) -> Turn:
        if self.where == "respond" and text.endswith("."):
            raise KeyError("tool is down")
        return super().respond(prompt, steps, text)

    def reward(self, prompt: Prompt, steps: Sequence[Step]) -> float:
        if self.where == "reward" and "b" in steps[-1].text:
            raise ZeroDivisionError("no b")
        return float("nan") if self.where == "nan" else super().reward(prompt, steps)


@pytest.mark.parametrize(("where", "said"), [("respond", "tool is down"), ("reward", "no b"), ("nan", "gave nan")])
def test_a_failing_task_gives_failed_leaves_and_the_run_goes_on(where: str, said: str) -> None:
    forest = rollout(task=Moody(where), model=POLICY, m=6, n=2, seed=3)[0]
    failed = np.flatnonzero(forest.status == Status.FAILED)
    assert len(failed)
    assert forest.topology.is_leaf[failed].all()
    assert np.isnan(forest.reward[failed]).all()
    assert all(said in forest.node_extra[int(row)]["error"] for row in failed)
    assert len(forest.leaves) == 6 * 3
    assert summarise([forest], seconds=1, fresh=[forest]).computed_ratio == 1.0


def test_a_prompt_without_room_gives_a_failed_forest_beside_good_ones() -> None:
    prompts = [Prompt("long", "a " * 200, "long", "a"), Prompt("short", "a b", "short", "a")]
    long, short = rollout(task=ToyTask(), model=POLICY, prompts=prompts, m=2, n=1)
    assert (long.status[long.leaves] == Status.FAILED).all()
    assert "context" in long.node_extra[1]["error"]
    assert np.isfinite(short.reward[short.leaves]).all()
    assert summarise([long], seconds=0, fresh=[]).computed_ratio == 1.0


def test_limits_truncate() -> None:
    class Endless(ToyTask):
        max_steps = 3

        def respond(self, prompt: Prompt, steps: Sequence[Step], text: str) -> Turn:
            return Turn("seen")

    policy = toy_policy()
    policy.end_ids = frozenset()
    forest = rollout(task=Endless(), model=policy, sampler="chains", m=12)[0]
    leaves = forest.leaves
    assert (forest.status[leaves] == Status.TRUNCATED).all()
    steps, longest = forest.topology.depth[leaves], forest.n_model_tokens[leaves]
    assert ((steps == 3) | (longest == Endless.max_step_tokens)).all()
    assert (steps == 3).any()

    small: TransformersPolicy = toy_policy(length=16)
    small.end_ids = frozenset()
    forest = rollout(task=Endless(), model=small, sampler="chains", m=12)[0]
    ended = [forest.topology.path(int(leaf)) for leaf in forest.leaves]
    sizes = [3 + 1 + int((forest.n_model_tokens + forest.n_obs_tokens)[path].sum()) for path in ended]
    assert max(sizes) <= 16 + 1
    assert (forest.status[forest.leaves] == Status.TRUNCATED).all()
    assert any(size >= 16 for size in sizes)


def test_the_end_token_ends_a_trajectory() -> None:
    forest = rollout(task=ToyTask(), model=POLICY, sampler="chains", m=40)[0]
    table = forest.tokens
    assert table is not None
    rows = np.unique(table.node[table.id == 0])
    assert len(rows)
    assert forest.topology.is_leaf[rows].all()
    assert (forest.status[rows] == Status.TERMINATED).all()
    assert all("<eos>" not in forest.text[row] for row in rows)


def test_stopping_keeps_finished_forests_only() -> None:
    whole = rollout(task=ToyTask(), model=toy_policy(max_sequences=2), prompts=4, m=2, n=1)
    finished = 0

    def watch(progress: Progress) -> None:
        nonlocal finished
        finished = progress.forests

    kept = rollout(
        task=ToyTask(),
        model=toy_policy(max_sequences=2),
        prompts=4,
        m=2,
        n=1,
        on_progress=watch,
        should_stop=lambda: finished >= 2,
    )
    assert 2 <= len(kept) < 4
    by_id = {forest.id: forest for forest in whole}
    assert texts(kept) == texts([by_id[forest.id] for forest in kept])
    assert rollout(task=ToyTask(), model=POLICY, should_stop=lambda: True) == []


def test_progress_shows_forests_as_they_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treecore.rollouts.rollout_scheduler.REPORT_EVERY", 0.0)
    seen: list[tuple[int, int]] = []
    statuses: set[int] = set()
    waves: list[str] = []

    def watch(progress: Progress) -> None:
        waves.extend(progress.waves)
        for forest in progress.snapshot():
            statuses.update(forest.status[forest.topology.is_leaf].tolist())
            assert isinstance(forest.topology, Topology)
        seen.append((progress.done, progress.tokens))
        assert progress.total == 2 * 6

    forests = rollout(task=ToyTask(), model=POLICY, prompts=2, on_progress=watch)
    assert seen == sorted(seen)
    assert seen[-1] == (12, sum(int(forest.n_model_tokens.sum()) for forest in forests))
    assert Status.OPEN in statuses
    assert sorted(waves) == ["toy-0"] * 2 + ["toy-1"] * 2
    assert [forest.digest for forest in forests] == [f.digest for f in rollout(task=ToyTask(), model=POLICY, prompts=2)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sampler": "none"}, "no sampler 'none'"),
        ({"m": 0}, "m='0'"),
        ({"k": 1}, "no parameter 'k'"),
        ({"temperature": -1}, "temperature=-1"),
        ({"temperature": float("nan")}, "temperature=nan"),
        ({"top_p": 0}, "top_p=0"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": 2**63}, "seed=9223372036854775808 is not a whole number from 0 to 9223372036854775807"),
        ({"seed": None}, "seed=None is not a whole number"),
        ({"seed": 1.5}, r"seed=1\.5 is not a whole number"),
        ({"temperature": "hot"}, "temperature='hot' is not a number"),
        ({"top_p": None}, "top_p=None is not a number"),
        ({"sampler": None}, "sampler=None is not a name"),
        ({"task": None}, "task=None is neither a name nor a task"),
        ({"task_options": 5}, "task_options=5 is no mapping"),
        ({"question": 5}, "question=5 is not text"),
        ({"model": None}, "model=None is neither a name nor a policy"),
        ({"model": 5}, "model=5 is neither a name nor a policy"),
        ({"prompts": "3"}, "prompts='3' is neither a number nor a list of prompts"),
        ({"prompts": ["a"]}, r"prompts=\['a'\] is neither"),
        ({"prompts": 1.5}, r"prompts=1\.5 is neither"),
        ({"prompts": 0}, "0 prompts"),
        ({"prompts": []}, "no prompts"),
        ({"prompts": [Prompt("x", "a", "a", "a")] * 2}, "same id"),
        ({"task": "none"}, "no task is called 'none'"),
        ({"reward_scheme": "exact"}, "made already"),
    ],
)
def test_wrong_arguments_are_told_before_anything_is_sampled(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(TreecoreError, match=said) as caught:
        rollout(**{"task": ToyTask(), "model": POLICY, **wrong})
    assert isinstance(caught.value, (MethodError, PolicyError, TaskError))


def test_numbers_of_numpy_are_numbers() -> None:
    forests = rollout(task=ToyTask(), model=POLICY, prompts=np.int64(2), seed=np.int64(3), temperature=np.float32(0.5))
    assert [forest.sampler["seed"] for forest in forests] == [3, 3]
    assert type(forests[0].sampler["seed"]) is int


@pytest.mark.parametrize(("sampler", "name"), [("monte_carlo", "k"), ("reverse_curriculum", "n")])
def test_equal_continuations_are_no_sample(sampler: str, name: str) -> None:
    with pytest.raises(MethodError, match=rf"'{sampler}': at temperature 0 all 8 .* are the same; set {name}=1"):
        rollout(task=ToyTask(), model=POLICY, sampler=sampler, temperature=0)
    assert rollout(task=ToyTask(), model=POLICY, sampler=sampler, temperature=0, **{name: 1})


def test_every_step_says_who_wrote_it() -> None:
    (forest,) = rollout(task="multihop", sampler="reverse_curriculum", n=2)
    writers = {row: fields["sampled_by"] for row, fields in forest.node_extra.items()}
    solution = {row for row in range(len(forest)) if forest.columns["start"][row] > 0}
    assert {row for row, who in writers.items() if who == "task"} == solution
    assert set(writers) == set(range(len(forest))) - set(forest.topology.roots.tolist())
    (searched,) = rollout(task="multihop", sampler="mcts", simulations=1, min_terminals=0, rollouts=1)
    assert searched.tokens is not None
    drawn = np.nan_to_num(searched.tokens.logprob) < 0
    for row, fields in searched.node_extra.items():
        start, end = searched.tokens.start[row : row + 2]
        assert fields["sampled_by"] == ("policy" if drawn[start:end].any() else "policy, greedily")
    assert {fields["sampled_by"] for fields in searched.node_extra.values()} == {"policy", "policy, greedily"}
