"""Keys and values that are kept for forks: how many, and for how long."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from toy import ToyTask, deep_policy

from treecore.policies.local.sequence_scheduler import SequenceScheduler
from treecore.rollouts import rollout
from treecore.rollouts.progress import Progress


@pytest.fixture
def scheduler(monkeypatch: pytest.MonkeyPatch) -> list[SequenceScheduler]:
    """Those of the session that is made."""
    made: list[SequenceScheduler] = []
    init = SequenceScheduler.__init__

    def watched(self: SequenceScheduler, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        made.append(self)

    monkeypatch.setattr(SequenceScheduler, "__init__", watched)
    return made


@pytest.mark.parametrize("sampler", ["chains", "random_expansion", "wander"])
def test_what_a_forest_held_goes_with_it(sampler: str, scheduler: list[SequenceScheduler], wanderer: str) -> None:
    held: dict[int, int] = {}

    def watch(progress: Progress) -> None:
        held[progress.forests] = max(held.get(progress.forests, 0), scheduler[0].tokens_cached)

    gc.collect()
    gc.disable()
    try:
        rollout(
            task=ToyTask(), model=deep_policy(max_sequences=2), sampler=sampler, prompts=12, seed=2, on_progress=watch
        )
        assert scheduler[0].tokens_cached == 0
    finally:
        gc.enable()
    assert max(held.values()) > 0
    early, late = (max(held[n] for n in span if n in held) for span in (range(4), range(8, 12)))
    assert late < 3 * early


def test_states_are_not_kept_alive_by_the_session(scheduler: list[SequenceScheduler]) -> None:
    session = deep_policy(max_sequences=2).session(temperature=1, top_p=1, stop=(), max_step_tokens=4)
    root = session.open("a b c")
    states = weakref.WeakSet([root, session.extend(root, [6, 7])])
    assert len(states) == 1
    assert scheduler[0].tokens_cached == 0
    del root
    assert len(states) == 0
