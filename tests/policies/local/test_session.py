"""Branches in a batch give what the plain model gives, and every token is computed once."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from recomputed import recomputed
from toy import MODELS, ToyTask, deep_policy

from treecore.policies.base import FinishReason
from treecore.policies.local.kv_cache import KVCache
from treecore.rollouts import rollout


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_forked_decoding_equals_full_recomputation(kind: str, attention: str) -> None:
    policy = deep_policy(kind, max_sequences=5, attn_implementation=attention)
    forests = rollout(task=ToyTask(), model=policy, prompts=3, m=2, n=3, l=2, seed=1)
    checked = 0
    for forest in forests:
        table = forest.tokens
        assert table is not None
        for leaf in forest.leaves:
            plain, entropy, at = recomputed(policy, forest, int(leaf))
            own = table.part[at] > 0
            assert np.isnan(table.logprob[at][~own]).all()
            np.testing.assert_allclose(table.logprob[at][own], plain[own], atol=1e-4)
            np.testing.assert_allclose(table.entropy[at][own], entropy[own], atol=1e-4)
            checked += 1
    assert checked == 3 * 2 * (1 + 3 * 2)
    assert max(forest.topology.depth.max() for forest in forests) > 2


def test_long_prompts_go_through_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treecore.policies.local.session.MAX_CHUNK", 4)
    monkeypatch.setattr("treecore.policies.local.session.MAX_FEED", 8)
    policy = deep_policy(max_sequences=4)
    forest = rollout(task=ToyTask(), model=policy, question="a b c d e f a b c d e f a", m=3, n=0)[0]
    for leaf in forest.leaves:
        plain, _, at = recomputed(policy, forest, int(leaf))
        own = forest.tokens.part[at] > 0
        np.testing.assert_allclose(forest.tokens.logprob[at][own], plain[own], atol=1e-4)


def test_siblings_wait_for_the_one_that_computes_the_prompt() -> None:
    session = deep_policy(max_sequences=4).session(temperature=1, top_p=1, stop=(), max_step_tokens=3)
    root = session.open("a b c")
    branches = [session.grow(root, np.random.default_rng(i)) for i in range(3)]
    assert session.free == 1
    ended = [branch for _ in range(6) for branch in step(session)]
    assert set(ended) == set(branches)
    assert root.usage.computed == 3 + sum(len(branch.written.ids) - 1 for branch in branches)
    assert session.free == 4


def step(session: object) -> list[object]:
    ended = session.advance()
    for branch in ended:
        session.end(branch)
    return ended


def test_ends_of_steps() -> None:
    policy = deep_policy(max_sequences=2, length=20)
    policy.end_ids = frozenset()
    cases = {FinishReason.STEP: ("", 4), FinishReason.STOP: ("abcdefs!.?<", 50), FinishReason.CONTEXT: ("", 50)}
    for end, (stop, longest) in cases.items():
        session = policy.session(temperature=1, top_p=1, stop=stop, max_step_tokens=longest)
        branch = session.grow(session.open("a b c"), np.random.default_rng(0))
        while branch.written.end is None:
            session.advance()
        assert branch.written.end is end
    assert len(branch.written.ids) == 20 - 3


def test_the_end_token_is_recorded_but_no_text() -> None:
    policy = deep_policy(max_sequences=2)
    policy.end_ids = frozenset(range(12))
    session = policy.session(temperature=1, top_p=1, stop=("a",), max_step_tokens=9)
    branch = session.grow(session.open("a b"), np.random.default_rng(0))
    assert session.advance() == [branch]
    assert branch.written.end is FinishReason.EOS
    assert branch.written.text == ""
    assert len(branch.written.token_strings) == len(branch.written.logprob) == 1
    assert branch.written.token_strings[0] != ""


def test_a_step_ends_with_the_token_that_completes_a_stop_string() -> None:
    policy = deep_policy(max_sequences=2)
    policy.end_ids = frozenset()
    session = policy.session(temperature=1, top_p=1, stop=(" a", "e f"), max_step_tokens=60)
    branch = session.grow(session.open("a b"), np.random.default_rng(3))
    while branch.written.end is None:
        session.advance()
    assert branch.written.end is FinishReason.STOP
    text = branch.written.text
    assert text.endswith((" a", "e f"))
    assert " a" not in text[:-1]
    assert "e f" not in text[:-1]


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_its_cache_goes_with_it_and_waits_for_no_collection(attention: str) -> None:
    def there() -> set[int]:
        return {id(one) for one in gc.get_objects() if isinstance(one, KVCache)}

    policy = deep_policy(attn_implementation=attention)
    gc.collect()
    before = there()
    gc.disable()
    try:
        rollout(task=ToyTask(), model=policy, prompts=2, m=2, n=1, l=1)
        assert there() <= before
    finally:
        gc.enable()
