"""Sample each sequence's next token from its logits, and measure entropy and confidence of the distribution.

Inverse-CDF sampling on float64 probabilities: the same uniform number and the same logits give the same token,
whatever else is in the batch. Knows no tokenizer and no cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from treecore.policies.base import TOP_LOGPROBS

TOP_ENTROPY_TOKENS = 10
DECIMALS = 6
MAX_DRAWN = 1 << 25
"""Logits that are worked on at once; some ten tensors of as many float64 numbers are needed for that."""


class Drawn(NamedTuple):
    """`[B]` each: token ids; nats rounded to six decimals, which is what float32 logits carry; in `top` pairs of both,
    likeliest first."""

    id: list[int]
    logprob: list[float]
    entropy: list[float]
    confidence: list[float]
    top_entropy: list[float]
    top: Sequence[Sequence[tuple[int, float]]]


class DrawnToken(NamedTuple):
    """A row of `Drawn`."""

    id: int
    logprob: float
    entropy: float
    confidence: float
    top_entropy: float
    top: Sequence[tuple[int, float]] = ()


class Distribution(NamedTuple):
    """Distributions at temperature 1, in float64: logits and log probabilities `[B, V]`, the likeliest tokens and
    their log probabilities `[B, TOP_LOGPROBS]`."""

    logits: Tensor
    logprob: Tensor
    top_ids: Tensor
    top_logprobs: Tensor

    @classmethod
    def of(cls, logits: Tensor) -> Distribution:
        """Of logits `[B, V]`; on the host where the device knows no float64."""
        wide = (logits.cpu() if logits.device.type == "mps" else logits).double()
        logprob = torch.log_softmax(wide, dim=-1)
        top_ids = logits.to(wide.device).topk(min(TOP_LOGPROBS, logits.shape[-1]), dim=-1).indices
        return cls(wide, logprob, top_ids, logprob.gather(-1, top_ids))


def rounded(nats: Tensor) -> Tensor:
    """To what float32 logits carry; no -0."""
    return torch.round(nats, decimals=DECIMALS) + 0.0


def draw(
    logits: Tensor,
    uniform: list[float],
    *,
    temperature: float,
    top_p: float,
    greedy: list[bool] | None = None,
    top_tokens: int = 0,
) -> Drawn:
    """One token a row.

    Args:
        logits: `[B, V]`.
        uniform: `[B]` numbers in `[0, 1)`; not used when the temperature is 0.
        temperature: 0 takes the likeliest token, with log probability 0.
        top_p: keep the likeliest tokens whose probabilities reach this sum; 1 keeps all.
        greedy: `[B]` rows that take the likeliest token at any temperature; none when None.
        top_tokens: how many of the likeliest tokens to tell, `TOP_LOGPROBS` at most.
    """
    wide, raw, top_ids, top_logprobs = Distribution.of(logits)
    probability = raw.exp()
    entropy, confidence = spread(probability, top_logprobs=top_logprobs)
    top_entropy = torch.special.entr(top_logprobs[:, :TOP_ENTROPY_TOKENS].exp()).sum(dim=-1)
    if temperature == 0:
        ids = raw.argmax(dim=-1)
        logprob = torch.zeros_like(entropy)
    else:
        scaled = raw if temperature == 1 else torch.log_softmax(wide / temperature, dim=-1)
        if top_p < 1:
            scaled = nucleus(scaled, top_p)
        probability = probability if scaled is raw else scaled.exp()
        ids = inverse_cdf(probability, uniform=torch.tensor(uniform, dtype=torch.float64, device=scaled.device))
        logprob = scaled.gather(-1, ids[:, None])[:, 0]
        if greedy is not None and any(greedy):
            sure = torch.tensor(greedy, device=ids.device)
            ids = torch.where(sure, raw.argmax(dim=-1), ids)
            logprob = torch.where(sure, 0.0, logprob)
    numbers = rounded(torch.stack([logprob, entropy, confidence, top_entropy]))
    top: list[list[tuple[int, float]]] = [[] for _ in uniform]
    if top_tokens:
        pairs = zip(top_ids[:, :top_tokens].tolist(), rounded(top_logprobs[:, :top_tokens]).tolist(), strict=True)
        top = [list(zip(tokens, nats, strict=True)) for tokens, nats in pairs]
    logprobs, entropies, confidences, top_entropies = numbers.tolist()
    return Drawn(ids.tolist(), logprobs, entropies, confidences, top_entropies, top)


def spread(probability: Tensor, *, top_logprobs: Tensor) -> tuple[Tensor, Tensor]:
    """Entropy and confidence of distributions, `[B]` each, in nats.

    Args:
        probability: `[B, V]`; top_logprobs: `[B, TOP_LOGPROBS]` log probabilities of the likeliest tokens.
    """
    return torch.special.entr(probability).sum(dim=-1), -top_logprobs.mean(dim=-1)


def measured(logits: Tensor) -> list[list[float]]:
    """Entropy and confidence of distributions as `draw` gives them, worked out for `MAX_DRAWN` logits at once. `[2, B]`

    Args:
        logits: `[B, V]`.
    """
    found: list[list[float]] = [[], []]
    for block in torch.split(logits, max(1, MAX_DRAWN // logits.shape[-1])):
        distribution = Distribution.of(block)
        both = spread(distribution.logprob.exp(), top_logprobs=distribution.top_logprobs)
        numbers = rounded(torch.stack(both)).tolist()
        for every, some in zip(found, numbers, strict=True):
            every += some
    return found


def nucleus(logprobs: Tensor, top_p: float) -> Tensor:
    """Log probabilities `[B, V]` renormalised over the smallest set of likeliest tokens that reaches `top_p`."""
    ordered, order = logprobs.sort(dim=-1, descending=True, stable=True)
    probability = ordered.exp()
    before = probability.cumsum(dim=-1) - probability
    kept = torch.where(before < top_p, ordered, -torch.inf)
    return torch.log_softmax(torch.empty_like(logprobs).scatter_(-1, order, kept), dim=-1)


def inverse_cdf(probability: Tensor, *, uniform: Tensor) -> Tensor:
    """The first token whose cumulative probability exceeds each number. `[B]`"""
    total = probability.cumsum(dim=-1)
    found = torch.searchsorted(total, (uniform * total[:, -1])[:, None], right=True)[:, 0]
    return found.clamp(max=probability.shape[-1] - 1)
