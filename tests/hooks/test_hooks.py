"""What a trainer writes through the hooks is what it saw."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from treecore.errors import FormatError
from treecore.formats import read
from treecore.hooks import ForestFile, TrainerBatch, record_rewards, verl_batch


def test_batches_are_appended_and_read(tmp_path: Path) -> None:
    file = ForestFile(tmp_path / "run" / "x.forest.jsonl")
    batch = TrainerBatch(
        prompts=["p", "p", "q"],
        completions=["a", "b", "c"],
        rewards=[1.0, None, 0.0],
        references=["1", "1", "2"],
        advantages=[0.5, None, -0.5],
        token_ids=[[1, 2], [3], [4]],
        logprobs=[[-0.1, -0.2], [-0.3], [-0.4]],
        reward_parts={"right": [1.0, None, 0.0]},
    )
    assert file.add(batch, step=3) == 2
    assert file.add(batch, step=4) == 2
    first, second, later, _ = read(tmp_path / "run")
    assert (first.prompt, first.reference, first.provenance["training_step"]) == ("p", "1", 3)
    assert first.text == ("a", "b")
    assert first.reward.tolist()[0] == 1.0
    assert math.isnan(first.reward[1])
    assert first.claimed["advantage"].tolist()[0] == 0.5
    assert first.columns["reward.right"].tolist()[0] == 1.0
    assert first.tokens is not None
    assert first.tokens.id is not None
    assert first.tokens.id.tolist() == [1, 2, 3]
    assert second.reward.tolist() == [0.0]
    assert later.provenance["training_step"] == 4


def test_processes_write_files_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "2")
    file = ForestFile(tmp_path / "x.forest.jsonl")
    file.add(TrainerBatch(["p"], ["a"], [1.0]), step=0)
    assert [path.name for path in tmp_path.iterdir()] == ["x.forest.rank2.jsonl"]


def test_lists_of_unequal_length_are_refused() -> None:
    with pytest.raises(FormatError, match="1 rewards for 2 prompts; give one a rollout"):
        TrainerBatch(["p", "q"], ["a", "b"], [1.0])


def test_reward_functions_stay_what_they_are_and_their_sum_is_recorded(tmp_path: Path) -> None:
    def right(prompts: list[str], completions: list[str], **columns: object) -> list[float | None]:
        return [1.0, None, float("nan")]

    def short(prompts: list[str], completions: list[str], **columns: object) -> list[float | None]:
        return [0.5, 0.25, None]

    wrapped = record_rewards([right, short], tmp_path / "x.forest.jsonl", weights=[2.0, 1.0])
    assert [one.__name__ for one in wrapped] == ["right", "short"]
    given = {
        "prompts": ["p"] * 3,
        "completions": ["a", "b", "c"],
        "answer": ["7"] * 3,
        "trainer_state": SimpleNamespace(global_step=5),
        "completion_ids": [[1], [2], [3]],
    }
    assert [one(**given) for one in wrapped][1] == [0.5, 0.25, None]
    (forest,) = read(tmp_path / "x.forest.jsonl")
    assert forest.reward.tolist()[:2] == [2.5, 0.25]
    assert np.isnan(forest.reward[2])
    assert (forest.reference, forest.provenance["training_step"]) == ("7", 5)


def test_what_cannot_be_wrapped_says_so(tmp_path: Path) -> None:
    async def judge(**columns: object) -> list[float]:
        return []

    with pytest.raises(FormatError, match="judge is no plain function"):
        record_rewards(judge, tmp_path / "x.jsonl")
    with pytest.raises(FormatError, match="2 weights for 1 reward function"):
        record_rewards(lambda **columns: [], tmp_path / "x.jsonl", weights=[1.0, 1.0])


def test_a_batch_of_verl(tmp_path: Path) -> None:
    data = SimpleNamespace(
        batch={
            "prompts": torch.tensor([[0, 7, 8], [0, 7, 8]]),
            "attention_mask": torch.tensor([[0, 1, 1, 1, 1], [0, 1, 1, 1, 0]]),
            "responses": torch.tensor([[3, 4], [5, 0]]),
            "response_mask": torch.tensor([[1, 1], [1, 0]]),
            "token_level_scores": torch.tensor([[0.0, 1.0], [0.0, 0.0]]),
            "advantages": torch.tensor([[0.5, 0.5], [-0.5, 9.0]]),
            "old_log_probs": torch.tensor([[-0.25, -0.5], [-1.0, 9.0]]),
        },
        non_tensor_batch={"uid": np.array(["a", "a"], dtype=object)},
    )
    tokenizer = SimpleNamespace(
        batch_decode=lambda rows, skip_special_tokens: [" ".join(str(int(one)) for one in row) for row in rows]
    )
    ForestFile(tmp_path / "v.forest.jsonl").add(verl_batch(data, tokenizer), step=1)
    (forest,) = read(tmp_path / "v.forest.jsonl")
    assert (forest.prompt, forest.text) == ("7 8", ("3 4", "5"))
    assert forest.reward.tolist() == [1.0, 0.0]
    assert forest.claimed["advantage"].tolist() == [0.5, -0.5]
    assert forest.tokens is not None
    assert forest.tokens.logprob is not None
    assert forest.tokens.logprob.tolist() == [-0.25, -0.5, -1.0]
