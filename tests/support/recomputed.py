"""What one forward pass over a whole trajectory gives, and whether two runs sampled the same."""

from __future__ import annotations

import numpy as np
import torch

from treecore.core.forest import Forest
from treecore.policies.local.policy import TransformersPolicy


def recomputed(policy: TransformersPolicy, forest: Forest, leaf: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log probability and entropy of each token of a trajectory from one forward pass, and those recorded."""
    prompt = policy.encode_prompt(forest.extra["input"])
    table = forest.tokens
    assert table is not None
    at = np.concatenate([np.arange(table.start[row], table.start[row + 1]) for row in forest.topology.path(leaf)])
    with torch.inference_mode():
        logits = policy.model(input_ids=torch.tensor([[*prompt, *table.id[at].tolist()]])).logits[0].double()
    law = torch.log_softmax(logits[len(prompt) - 1 : -1], dim=-1)
    plain = law[torch.arange(len(at)), torch.tensor(table.id[at].copy())]
    entropy = torch.special.entr(law.exp()).sum(-1)
    return plain.numpy(), entropy.numpy(), at


def assert_same_samples(found: list[Forest], expected: list[Forest]) -> None:
    """Two runs sampled the same; log probabilities as near as batches of other sizes give them."""
    assert [forest.id for forest in found] == [forest.id for forest in expected]
    for one, other in zip(found, expected, strict=True):
        assert (one.text, one.observation, one.extra) == (other.text, other.observation, other.extra)
        assert (one.policy, one.sampler) == (other.policy, other.sampler)
        np.testing.assert_array_equal(one.reward, other.reward)
        np.testing.assert_array_equal(one.parent, other.parent)
        assert one.tokens is not None
        assert other.tokens is not None
        np.testing.assert_array_equal(one.tokens.id, other.tokens.id)
        np.testing.assert_allclose(one.tokens.logprob, other.tokens.logprob, atol=1e-4)
