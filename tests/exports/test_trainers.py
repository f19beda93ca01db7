"""Exports in the hands of those they are for: a step of policy gradient, `datasets`, TRL's own formats."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import treecore as tc
from treecore.bundled import PACKAGE
from treecore.core.forest import Forest
from treecore.exports import export
from treecore.policies import load_policy


@pytest.fixture(scope="module")
def forests() -> list[Forest]:
    return tc.rollout(task="countdown", model="tiny", sampler="random_expansion", prompts=4, m=2, n=2, l=1, seed=3)


def load(path: Path) -> list[dict[str, object]]:
    """Rows as `datasets` reads them."""
    from datasets import load_dataset

    kind = "parquet" if path.suffix == ".parquet" else "json"
    return list(load_dataset(kind, data_files=str(path), cache_dir=str(path.parent / "cache"))["train"])


def test_a_step_of_policy_gradient_makes_credited_tokens_likelier(forests: list[Forest], tmp_path: Path) -> None:
    export(forests, "training", tmp_path / "rows.parquet", credit="tree_grpo")
    policy = load_policy("tiny", device="cpu")
    model = policy.model.train(False)
    rows = load(tmp_path / "rows.parquet")

    def gain(*, tolerance: float) -> torch.Tensor:
        """Sum of advantage times log probability over all tokens of the model, each counted once."""
        total = torch.zeros(())
        for row in rows:
            prompt = policy.encode_prompt(str(row["prompt"]))
            logits = model(input_ids=torch.tensor([[*prompt, *row["completion_ids"]]])).logits[0]
            law = torch.log_softmax(logits[len(prompt) - 1 : -1].float(), dim=-1)
            chosen = law[torch.arange(len(row["completion_ids"])), torch.tensor(row["completion_ids"])]
            recorded = torch.tensor(row["old_per_token_logps"])
            mask = torch.tensor(row["completion_mask"], dtype=torch.bool)
            assert torch.allclose(chosen[mask], recorded[mask], atol=tolerance)
            total = total + (chosen * torch.tensor(row["advantages"]) * mask / torch.tensor(row["copies"])).sum()
        return total

    before = gain(tolerance=1e-3)
    before.backward()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.grad is not None:
                weight += 1e-6 * weight.grad
        assert gain(tolerance=1.0) > before


def test_rows_make_a_batch_of_verl(forests: list[Forest], tmp_path: Path) -> None:
    """`[B, T]` tensors of one shape, as `DataProto` holds them; what the environment wrote is not trained on."""
    export(forests, "training", tmp_path / "rows.parquet", credit="tree_grpo", shape="verl")
    rows = load(tmp_path / "rows.parquet")
    names = ("responses", "response_mask", "old_log_probs", "advantages")
    batch = {
        name: torch.nn.utils.rnn.pad_sequence([torch.tensor(row[name]) for row in rows], batch_first=True)
        for name in names
    }
    assert len({one.shape for one in batch.values()}) == 1
    assert batch["responses"].dtype == batch["response_mask"].dtype == torch.int64
    assert any(0 in row["response_mask"] for row in rows)  # type: ignore[operator]
    assert [row["uid"] for row in rows] == [forest.id for forest in forests for _ in forest.leaves]
    credit = tc.credit(forests, "tree_grpo")
    number = {forest.id: at for at, forest in enumerate(forests)}
    for row, mask, found in zip(rows, batch["response_mask"], batch["advantages"], strict=True):
        at = number[str(row["uid"])]
        expected = credit.of(at).leaves["advantage"][forests[at].row(str(row["leaf"]))]
        assert found[mask == 1].tolist() == pytest.approx([expected] * int(mask.sum()))
        assert not found[mask == 0].any()


def test_pairs_have_the_columns_of_dpo(forests: list[Forest], tmp_path: Path) -> None:
    export(forests, "pairs", tmp_path / "pairs.jsonl")
    rows = load(tmp_path / "pairs.jsonl")
    assert rows
    assert all(isinstance(row[name], str) for row in rows for name in ("prompt", "chosen", "rejected"))


def test_labelled_steps_have_the_columns_of_stepwise_supervision(forests: list[Forest], tmp_path: Path) -> None:
    export(forests, "stepwise", tmp_path / "steps.parquet", credit="sibling", labels="sign")
    rows = load(tmp_path / "steps.parquet")
    assert all(len(row["completions"]) == len(row["labels"]) > 0 for row in rows)  # type: ignore[arg-type]
    assert {label for row in rows for label in row["labels"]} == {True, False}  # type: ignore[attr-defined]
    assert len(tc.read(tmp_path / "steps.parquet")) == len(forests)


def test_a_trainer_of_preferences_takes_the_pairs(forests: list[Forest], tmp_path: Path) -> None:
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    export(forests, "pairs", tmp_path / "pairs.jsonl")
    rows = [{name: row[name] for name in ("prompt", "chosen", "rejected")} for row in load(tmp_path / "pairs.jsonl")]
    config = DPOConfig(
        output_dir=str(tmp_path), max_steps=1, per_device_train_batch_size=2, report_to="none", use_cpu=True,
        bf16=False, save_strategy="no", disable_tqdm=True,
    )  # fmt: skip
    trainer = DPOTrainer(
        model=str(PACKAGE / "tiny" / "weights"), args=config, train_dataset=Dataset.from_list(rows[:4])
    )
    assert trainer.train().training_loss > 0


def test_a_trainer_of_preferences_takes_tool_calls(tmp_path: Path) -> None:
    """The calls are in what the chat template of a model with tools makes of the rows."""
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import DPOConfig, DPOTrainer, chat_template_utils

    calls = [{"tool_calls": [{"function": {"name": f"tool{n}", "arguments": {f"a{n}": n}}}]} for n in range(3)]
    forest = Forest(
        parent=[-1, 0, 0], text=["", "", ""], reward=[float("nan"), 1.0, 0.0], prompt="q",
        observation=["heard", "", ""], node_extra=dict(enumerate(calls)),
    )  # fmt: skip
    export(forest, "pairs", tmp_path / "pairs.jsonl", form="messages")
    rows = [{name: row[name] for name in ("prompt", "chosen", "rejected")} for row in load(tmp_path / "pairs.jsonl")]
    weights = str(PACKAGE / "tiny" / "weights")
    tokenizer = AutoTokenizer.from_pretrained(weights)
    template = Path(chat_template_utils.__file__).parent / "chat_templates" / "qwen2_5.jinja"
    tokenizer.chat_template = template.read_text()
    said = tokenizer.apply_chat_template(rows[0]["prompt"] + rows[0]["chosen"], tokenize=False)  # type: ignore[operator]
    assert '{"name": "tool0", "arguments": {"a0": 0}}' in said
    assert "<tool_response>\nheard" in said
    assert '{"name": "tool1", "arguments": {"a1": 1}}' in said
    config = DPOConfig(
        output_dir=str(tmp_path), max_steps=1, per_device_train_batch_size=2, report_to="none", use_cpu=True,
        bf16=False, save_strategy="no", disable_tqdm=True,
    )  # fmt: skip
    trainer = DPOTrainer(
        model=weights, args=config, train_dataset=Dataset.from_list(rows * 2), processing_class=tokenizer
    )
    assert trainer.train().training_loss > 0
