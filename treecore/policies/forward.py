"""Feed tokens of many branches through a model at once: singles, chunks, rows of different length.

Knows the model's call and the store of keys and values; knows no text and no tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import Any

import torch
from torch import Tensor

from treecore.policies.kv_cache import SlotCache


class Runner:
    """A model with a store of `slots` rows.

    Args:
        model: a causal language model of transformers, in evaluation mode.
        layers: layers that keep keys and values.
        slots: rows of the store.
        max_length: positions that the model knows.
    """

    def __init__(self, model: Any, *, layers: int, slots: int, max_length: int) -> None:
        self.model, self.max_length = model, max_length
        self.device: torch.device = model.device
        self.cache = SlotCache(layers=layers, slots=slots)
        self._keeps = "logits_to_keep" in signature(model.forward).parameters
        self._bool_mask = model.config._attn_implementation == "sdpa"

    def feed(self, rows: Sequence[int], tokens: Sequence[Sequence[int]]) -> Tensor:
        """Append `tokens[b]` to slot `rows[b]`; returns the logits `[B, V]` after the last token of each.

        A row may get no token when it only fills the batch; its logits then mean nothing.
        """
        n_valid = [len(chunk) for chunk in tokens]
        q = max(n_valid)
        mask = self.cache.plan(rows, n_valid, self.device)
        ids = torch.tensor([[*chunk, *[0] * (q - len(chunk))] for chunk in tokens], device=self.device)
        start = torch.tensor([self.cache.lengths[row] for row in rows], device=self.device)
        positions = (start[:, None] + torch.arange(q, device=self.device)).clamp(max=self.max_length - 1)
        last = torch.tensor([max(n - 1, 0) for n in n_valid], device=self.device)
        kept, place = torch.unique(last, return_inverse=True)
        output = self.model(
            input_ids=ids,
            attention_mask=mask if self._bool_mask else self._additive(mask),
            position_ids=positions,
            past_key_values=self.cache,
            use_cache=True,
            **({"logits_to_keep": kept} if self._keeps else {}),
        )
        self.cache.commit(rows, n_valid)
        batch = torch.arange(len(rows), device=self.device)
        logits: Tensor = output.logits[batch, place if self._keeps else last]
        return logits

    def _additive(self, mask: Tensor) -> Tensor:
        lowest = torch.finfo(self.model.dtype).min
        return torch.zeros(mask.shape, dtype=self.model.dtype, device=mask.device).masked_fill_(~mask, lowest)


def differs_from_plain(model: Any, *, layers: int, max_length: int) -> str:
    """Why branches in slots would not give what the model itself gives; empty when they do.

    Three random runs of different length go through the store in chunks and singles, one of them forked into another
    slot half way, and their last logits are compared with plain forward passes.
    """
    if max_length < 8:
        return f"its context of {max_length} tokens is too short"
    generator = torch.Generator().manual_seed(0)
    vocabulary = int(model.config.get_text_config(decoder=True).vocab_size)
    runs = [torch.randint(vocabulary, (n,), generator=generator).tolist() for n in (7, 4, 6)]
    try:
        with torch.inference_mode():
            fed = _ragged(Runner(model, layers=layers, slots=4, max_length=max_length), runs)
            plain = [_plain(model, run) for run in runs]
    except Exception as error:
        return f"it does not take rows of different length ({type(error).__name__}: {error})"
    tolerance = 1e-2 if model.dtype == torch.float32 else 0.3
    for got, expected in zip(fed, plain, strict=True):
        error_size, spread = float((got - expected).abs().max()), float(expected.std())
        if not error_size <= tolerance * max(spread, 1e-6):
            return f"its forked branches give other logits than it does (off by {error_size:.3g} of {spread:.3g})"
    return ""


def _ragged(runner: Runner, runs: Sequence[Sequence[int]]) -> list[Tensor]:
    first, second, third = runs
    runner.feed([0, 1, 2], [first[:5], second[:2], third[:3]])
    after_third = runner.feed([2, 0], [third[3:], first[5:6]])[0]
    runner.feed([0, 1, 2], [[], second[2:3], []])
    runner.cache.load(3, [runner.cache.read(0, 0, 4), runner.cache.read(0, 4, 6)])
    after_first = runner.feed([3], [first[6:]])[0]
    after_second = runner.feed([1], [second[3:]])[0]
    return [logits.float() for logits in (after_first, after_second, after_third)]


def _plain(model: Any, run: Sequence[int]) -> Tensor:
    logits: Tensor = model(input_ids=torch.tensor([run], device=model.device), use_cache=False).logits[0, -1]
    return logits.float()
