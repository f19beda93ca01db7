"""The likeliest tokens of each place, recorded on request: against a plain forward pass, and changing nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from toy import ToyTask, toy_policy

import treecore as tc
from treecore.core.forest import Forest
from treecore.errors import PolicyError
from treecore.policies import load_policy
from treecore.rollouts import RolloutConfig, rollout, rollout_to_file
from treecore.rollouts.prepare import prepare

SURPRISAL = {"sampler": "surprisal", "m": 2, "n": 2, "l": 1, "t": 2, "prompts": 2, "seed": 3}


@pytest.fixture(scope="module")
def tiny() -> Any:
    return load_policy("tiny", device="cpu")


@pytest.fixture(scope="module")
def recorded(tiny: Any) -> list[Forest]:
    return rollout(model=tiny, record={"top_tokens": 5}, **SURPRISAL)


def test_they_are_those_of_a_plain_forward_pass(tiny: Any, recorded: list[Forest]) -> None:
    forest = recorded[0]
    table = forest.tokens
    assert table is not None
    start = tiny.encode_prompt(forest.extra["input"])
    for leaf in forest.leaves[:3]:
        places = [place for row in forest.topology.path(int(leaf)) for place in range(*table.start[row : row + 2])]
        ids = torch.tensor([[*start, *table.id[places].tolist()]])
        with torch.inference_mode():
            law = torch.log_softmax(tiny.model(ids).logits[0].double(), dim=-1)
        for number, place in enumerate(places):
            if table.part[place] == 0:
                assert table.top[place] == ()
                continue
            nats, tokens = law[len(start) + number - 1].topk(5)
            assert [value for _, value in table.top[place]] == pytest.approx(nats.tolist(), abs=1e-4)
            texts = [tiny.detokenizer.decode([token]).strip() for token in tokens.tolist()]
            assert [text.strip() for text, _ in table.top[place]][:2] == texts[:2]


def test_the_drawn_token_stands_among_them_as_it_was_written(recorded: list[Forest]) -> None:
    for forest in recorded:
        table = forest.tokens
        assert table is not None
        for place in np.flatnonzero(table.is_model).tolist():
            told = dict(table.top[place])
            if table.logprob[place] > table.top[place][-1][1] + 1e-4:
                assert told[table.text[place]] == pytest.approx(table.logprob[place], abs=1e-5)
            assert sum(np.exp(list(told.values()))) <= 1 + 1e-5


def test_nothing_else_changes(tiny: Any, recorded: list[Forest]) -> None:
    for more, plain in zip(recorded, rollout(model=tiny, **SURPRISAL), strict=True):
        assert plain.tokens is not None
        assert plain.tokens.top is None
        assert "record" not in plain.sampler
        assert more.sampler["record"] == {"top_tokens": 5}
        without = more.with_columns(tokens=plain.tokens, sampler=plain.sampler)
        assert without.digest == plain.digest
        assert more.tokens.logprob.tobytes() == plain.tokens.logprob.tobytes()  # type: ignore[union-attr]


def test_a_file_brings_them_back(recorded: list[Forest], tmp_path: Path) -> None:
    path = tmp_path / "top.forest.jsonl"
    tc.write(recorded, path)
    assert [one.digest for one in tc.read(path)] == [one.digest for one in recorded]


def test_a_file_sampled_without_them_is_not_resumed_with_them(tmp_path: Path) -> None:
    path = tmp_path / "run.forest.jsonl"
    config = RolloutConfig(task=ToyTask(), model=toy_policy(), sampler="chains", sampler_settings={"m": 1})
    rollout_to_file(path, config)
    with pytest.raises(tc.TreecoreError, match="record"):
        rollout_to_file(path, config.with_options(record={"top_tokens": 2}), resume=True)


@pytest.mark.parametrize("asked", [{"top_tokens": 21}, {"top_tokens": "-1"}, {"top_tokens": 1.5}, {"logits": 1}, "x"])
def test_what_cannot_be_recorded_is_refused(asked: Any) -> None:
    with pytest.raises(PolicyError, match="record"):
        prepare(RolloutConfig(record=asked))


def test_nothing_is_asked_of_a_policy_that_does_not_tell_them() -> None:
    policy = toy_policy()
    policy.gives = policy.gives - {"alternatives"}
    law = {"task": ToyTask(), "model": policy, "sampler": "chains", "m": 1}
    assert len(rollout(**law, record={"top_tokens": 0})) == 1
    with pytest.raises(PolicyError, match="likeliest"):
        rollout(**law, record={"top_tokens": "2"})
