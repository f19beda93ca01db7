"""What verl has of a batch after its advantages are computed, as lists. verl itself is not imported."""

from __future__ import annotations

from typing import Any

from treecore.hooks.forest_file import TrainerBatch


def verl_batch(data: Any, tokenizer: Any) -> TrainerBatch:
    """A `DataProto` of verl's `RayPPOTrainer.fit`, after `compute_advantage`.

    Args:
        data: with the tensors `prompts`, `responses`, `response_mask`, `token_level_scores`, and perhaps
            `attention_mask`, `advantages` and `old_log_probs`; and `uid` in `non_tensor_batch`.
        tokenizer: of the policy.
    """
    tensors, others = data.batch, data.non_tensor_batch
    mask = tensors["response_mask"].bool()
    width = tensors["prompts"].shape[1]
    asked = tensors["attention_mask"][:, :width].bool() if "attention_mask" in tensors else tensors["prompts"] >= 0
    prompts = [row[kept] for row, kept in zip(tensors["prompts"], asked, strict=True)]
    written = [row[kept] for row, kept in zip(tensors["responses"], mask, strict=True)]
    return TrainerBatch(
        prompts=tokenizer.batch_decode(prompts, skip_special_tokens=True),
        completions=tokenizer.batch_decode(written, skip_special_tokens=True),
        rewards=tensors["token_level_scores"].sum(-1).tolist(),
        groups=[str(one) for one in others["uid"]] if "uid" in others else (),
        references=[str(one) for one in others["ground_truth"]] if "ground_truth" in others else (),
        advantages=masked_mean(tensors["advantages"], mask) if "advantages" in tensors else (),
        token_ids=[row.tolist() for row in written],
        logprobs=[row[kept].tolist() for row, kept in zip(tensors["old_log_probs"], mask, strict=True)]
        if "old_log_probs" in tensors
        else (),
    )


def masked_mean(values: Any, mask: Any) -> list[float | None]:
    """Mean of each row's own tokens; None where it has none."""
    counts = mask.sum(-1)
    sums = (values * mask).sum(-1)
    return [float(total / count) if count else None for total, count in zip(sums, counts, strict=True)]
