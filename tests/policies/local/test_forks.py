"""Branches that start inside steps, pause and go on: same numbers as the plain model, nothing computed for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from recomputed import recomputed
from toy import MODELS, ToyTask, deep_policy

from treecore.analysis.growth import expansions
from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.errors import MethodError, PolicyError
from treecore.policies.base import FORKS, FinishReason
from treecore.protocols import Prompt, Step, StepRule, Turn
from treecore.registry.citation import Citation
from treecore.rollouts import rollout
from treecore.rollouts.progress import Progress
from treecore.samplers import SAMPLERS, Expand, Growing, Growth, sampler

OPEN = int(Status.OPEN)


def forked(forest: Forest) -> int:
    """Places where several steps start and the one before is not over."""
    table = forest.tokens
    assert table is not None
    inner = [row for row in range(len(forest)) if forest.parent[row] >= 0 and not forest.topology.is_leaf[row]]
    return sum(not forest.text[row].endswith((".", "!", "?")) for row in inner)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("max_sequences", [3, 64])
def test_forks_and_pauses_equal_full_recomputation(kind: str, max_sequences: int, wanderer: str) -> None:
    policy = deep_policy(kind, max_sequences=max_sequences)
    for forest in rollout(task=ToyTask(), model=policy, sampler=wanderer, prompts=2, seed=3):
        table = forest.tokens
        assert table is not None
        assert forked(forest) > 2
        for leaf in forest.leaves:
            plain, entropy, at = recomputed(policy, forest, int(leaf))
            own = table.part[at] > 0
            np.testing.assert_allclose(table.logprob[at][own], plain[own], atol=1e-4)
            np.testing.assert_allclose(table.entropy[at][own], entropy[own], atol=1e-4)


def test_a_fork_costs_one_token_and_a_pause_none(wanderer: str) -> None:
    for forest in rollout(task=ToyTask(), model=deep_policy(), sampler=wanderer, prompts=2, seed=5):
        cost = forest.provenance
        table = forest.tokens
        assert table is not None
        prompt = len(forest.extra["input"].split())
        assert cost["tokens_in_forest"] == prompt + table.total
        assert cost["tokens_generated"] == int(table.is_model.sum())
        again = cost["tokens_computed"] - (cost["tokens_in_forest"] - cost["tokens_unfed"])
        assert 0 < again <= forked(forest)
        sizes = np.diff(table.start)
        chains = sum(prompt + int(sizes[forest.topology.path(int(leaf))].sum()) for leaf in forest.leaves)
        assert cost["tokens_saved_by_sharing"] == chains - cost["tokens_unfed"] - cost["tokens_computed"]


def test_forests_do_not_depend_on_the_batch_and_their_order_is_that_of_sampling(wanderer: str) -> None:
    def run(max_sequences: int) -> list[Any]:
        forests = rollout(
            task=ToyTask(), model=deep_policy(max_sequences=max_sequences), sampler=wanderer, prompts=2, seed=9
        )
        return [(forest.text, forest.parent.tolist(), forest.node_extra) for forest in forests]

    assert run(2) == run(64)
    forest = rollout(task=ToyTask(), model=deep_policy(), sampler=wanderer, seed=9)[0]
    assert forest.born.tolist() == list(range(len(forest)))
    assert sum(len(one.rows) for one in expansions(forest)) == len(forest) - forest.n_trees
    waiting = forest.status == OPEN
    assert waiting.any()
    assert np.isnan(forest.reward[waiting]).all()
    assert ((forest.status >= 0) == forest.topology.is_leaf).all()
    assert {extra["round"] for extra in forest.node_extra.values() if "round" in extra} == {0, 1, 2, 3}
    assert {extra["sampled_by"] for extra in forest.node_extra.values()} == {"policy"}
    assert set(forest.node_extra) == set(range(len(forest))) - set(forest.topology.roots.tolist())


def test_snapshots_are_forests_that_only_grow(wanderer: str) -> None:
    seen: list[int] = []

    def watch(progress: Progress) -> None:
        for forest in progress.snapshot():
            assert "".join(forest.tokens.text[: len(forest.tokens.text)]) != ""
            seen.append(int(forest.tokens.total))

    rollout(task=ToyTask(), model=deep_policy(max_sequences=2), sampler=wanderer, seed=9, on_progress=watch)
    assert len(seen) > 3
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("request_of", "said"),
    [
        (lambda node, row: Expand(row, at=len(node.own.ids)), r"starts after \d+ of the \d+ tokens of step"),
        (lambda node, row: Expand(row), "is over and cannot be continued"),
    ],
)
def test_places_where_nothing_can_start(request_of: Any, said: str) -> None:
    def wrong(growth: Growth) -> Growing:
        """Asks for what cannot be."""
        rows = yield [Expand()]
        yield [request_of(growth.nodes[rows[0]], rows[0])]

    citation = Citation("me", 2020, "t", "i")
    sampler(title="Wrong", family="tree", citation=citation, size=lambda: 1, needs={FORKS})(wrong)
    try:
        with pytest.raises((MethodError, PolicyError), match=said):
            rollout(task=ToyTask(), model=deep_policy(), sampler="wrong")
    finally:
        SAMPLERS.pop("wrong")


@pytest.mark.parametrize("request_of", [lambda row: Expand(row, at=0), lambda row: Expand(row, tokens=2)])
def test_a_sampler_that_starts_or_ends_inside_steps_says_so(request_of: Any) -> None:
    def silent(growth: Growth) -> Growing:
        """Does not."""
        rows = yield [Expand(steps=1)]
        yield [request_of(rows[0])]

    sampler(title="Silent", family="tree", citation=Citation("me", 2020, "t", "i"), size=lambda: 1)(silent)
    try:
        with pytest.raises(MethodError, match=r"'silent' starts or ends inside a step.* needs=\{FORKS\}"):
            rollout(task=ToyTask(), model=deep_policy(), sampler="silent")
    finally:
        SAMPLERS.pop("silent")


class Plain:
    """A policy that can only write on."""

    def __init__(self) -> None:
        self.policy = deep_policy()

    def __getattr__(self, name: str) -> Any:
        if name == "gives":
            raise AttributeError(name)
        return getattr(self.policy, name)


@pytest.mark.parametrize(
    ("name", "said"),
    [("surprisal", "start inside steps"), ("tool_entropy", "tell the entropy of the likeliest tokens")],
)
def test_a_policy_that_lacks_what_is_needed_is_refused_before_anything_is_sampled(name: str, said: str) -> None:
    with pytest.raises(MethodError, match=f"sampler '{name}' needs a policy that can {said}"):
        rollout(task=ToyTask(), model=Plain(), sampler=name)
    assert rollout(task=ToyTask(), model=Plain(), sampler="chains", m=1)


def session_of(**settings: Any) -> Any:
    policy = deep_policy(max_sequences=4)
    policy.end_ids = frozenset()
    return policy.session(temperature=1, top_p=1, stop=(), max_step_tokens=12, **settings)


def write(session: Any, branch: Any) -> Any:
    while branch.written.end is None:
        session.advance()
    return branch


def test_a_paused_step_goes_on_as_if_it_had_never_stopped() -> None:
    session = session_of()
    whole = write(session, session.grow(session.open("a b c"), np.random.default_rng(1))).written
    random = np.random.default_rng(1)
    part = write(session, session.grow(session.open("a b c"), random, tokens=5))
    assert part.written.end is FinishReason.PAUSE
    assert part.written.ids == whole.ids[:5]
    state, head = session.keep(part), part.written.head(5)
    session.end(part)
    rest = write(session, session.grow(state, random, written=head))
    assert (rest.written.ids, rest.written.text) == (whole.ids, whole.text)
    assert state.usage.computed == 3 + 12 - 1


def test_given_tokens_are_computed_when_a_branch_grows_from_them() -> None:
    session = session_of()
    root = session.open("a b c")
    first = session.extend(root, [6, 7, 8])
    second = session.extend(first, [9, 10])
    assert root.usage.computed == 0
    branches = [session.grow(state, np.random.default_rng(i)) for i, state in enumerate((second, first, second, root))]
    while any(branch.written.end is None for branch in branches):
        session.advance()
    assert root.usage.computed == 3 + 5 + sum(len(branch.written.ids) - 1 for branch in branches)
    policy = session.policy
    with torch.inference_mode():
        ids = [6, 7, 8, 6, 7, 8, 9, 10, *branches[0].written.ids]
        law = torch.log_softmax(policy.model(input_ids=torch.tensor([ids])).logits[0].double(), -1)
    plain = law[torch.arange(7, len(ids) - 1), torch.tensor(ids[8:])]
    np.testing.assert_allclose(branches[0].written.logprob, plain.numpy(), atol=1e-4)
    with pytest.raises(PolicyError, match="tokens are given where"):
        session.extend(root, [6] * 200)


class FileContents(ToyTask):
    """A step ends before each word, and at once after two tokens."""

    stop = (" ",)
    max_step_tokens = 2
    step_rule = StepRule(joined=True, before_word=True, cut_is_end=True)

    def respond(self, prompt: Prompt, steps: Sequence[Step], text: str) -> Turn:
        return Turn()


def test_steps_that_end_before_a_word_can_be_stopped_and_forked(wanderer: str) -> None:
    policy = deep_policy(max_sequences=3)
    for forest in rollout(task=FileContents(), model=policy, sampler=wanderer, prompts=2, seed=3):
        table = forest.tokens
        assert table is not None
        for leaf in forest.leaves:
            plain, _, at = recomputed(policy, forest, int(leaf))
            np.testing.assert_allclose(table.logprob[at], plain, atol=1e-4)


def test_progress_counts_what_came_to_an_end(wanderer: str) -> None:
    seen: list[Progress] = []
    run: dict[str, Any] = {"task": ToyTask(), "model": deep_policy(), "prompts": 2, "on_progress": seen.append}
    forests = rollout(**run, sampler="fixed_width", k=3, widths="3,3")
    ended = sum(len(forest.leaves) for forest in forests)
    assert (seen[-1].done, seen[-1].total) == (ended, ended)
    assert ended <= 18
    assert seen[-1].tokens == sum(int(forest.n_model_tokens.sum()) for forest in forests)
    rollout(**run, sampler="surprisal", m=2)
    assert (seen[-1].done, seen[-1].total) == (20, 20)
