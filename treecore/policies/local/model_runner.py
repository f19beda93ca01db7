"""The forward pass: feed new tokens of many sequences of different length through the model in one batch.

Knows the model's call, its kinds of layers and the store of keys and values; knows no text and no tree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import GenerationMixin

from treecore.policies.local.bucketed_cache import BucketedCache
from treecore.policies.local.cuda_graphs import CUDAGraphRunner, DecodeStep
from treecore.policies.local.kv_cache import NO_BOUND, KVCache, KVSpec
from treecore.policies.local.varlen_attention import VARLEN, attending_to

CACHE_NAMES = ("cache", "past_key_values")
"""Of the argument for keys and values, the newest first."""
NO_MASK = torch.ones(1, 1, 1, 1, dtype=torch.bool)


class Layout(NamedTuple):
    """What the layers of a model keep and look at.

    Attributes:
        specs: what each layer keeps as key and as value.
        windows: each kind of layer by the model's name for it, with the tokens that it looks back over, the current
            one included; None for all.
    """

    specs: Sequence[tuple[KVSpec, KVSpec]]
    windows: Mapping[str, int | None]


class ModelRunner:
    """A model with its KV cache.

    Args:
        model: a causal language model of transformers, in evaluation mode.
        layout: its layers.
        max_rows: of the cache.
        max_length: positions that the model knows.
        max_tokens: of the cache, see `KVCache`.
        static: the cache stays where it is and decoding steps go through in few fixed shapes.
        graphs: those of a runner of the same kind that is no longer used, whose cache is used again.

    Attributes:
        cache: keys and values of all rows.
        graphs: what decoding steps go through with `static`; None without.
    """

    def __init__(
        self,
        model: Any,
        *,
        layout: Layout,
        max_rows: int,
        max_length: int,
        max_tokens: int = NO_BOUND,
        static: bool = False,
        graphs: CUDAGraphRunner | None = None,
    ) -> None:
        self.model, self.layout, self.max_length = model, layout, max_length
        self.device: torch.device = model.device
        size: Any = {"specs": layout.specs, "max_rows": max_rows, "max_tokens": max_tokens, "device": self.device}
        if static and graphs is None:
            graphs = CUDAGraphRunner(BucketedCache(**size), self._decode)
        elif graphs is not None:
            graphs.cache.empty()
        self.cache: KVCache = KVCache(**size) if graphs is None else graphs.cache
        self.graphs = graphs
        kind = model.config._attn_implementation
        self._varlen = kind == VARLEN
        self._cached = {cache_argument(model): self.cache}
        self._keeps = keeps_logits(model)
        self._last = {"logits_to_keep": 1} if self._keeps else {}
        self._bool_mask = kind in ("sdpa", VARLEN)

    def feed(self, rows: Sequence[int], tokens: Sequence[Sequence[int]]) -> Tensor:
        """Append `tokens[b]` to row `rows[b]`; returns the logits `[B, V]` after the last token of each.

        A row may get no token when it only fills the batch; its logits then mean nothing. Where this fails, the rows
        hold what they held.
        """
        n_valid = [len(chunk) for chunk in tokens]
        if max(n_valid) == 1 and list(rows) == list(range(len(rows))):
            logits = self._feed_decode([chunk[0] if chunk else 0 for chunk in tokens])
        else:
            logits = self._feed_prefill(rows, tokens, n_valid)
        self.cache.commit(rows, n_valid)
        return logits

    def release_memory(self) -> None:
        """Give the memory of the store, and of what was captured on it, back; the next may be smaller."""
        self.cache.release_memory()
        if self.graphs is not None:
            self.graphs.clear()

    def _feed_decode(self, tokens: list[int]) -> Tensor:
        n = len(tokens)
        lengths = self.cache.lengths[:n]
        size, length = self.cache.decode_shape(n, max(lengths) + 1)
        blank = [0] * (size - n)
        fed = torch.tensor([[*tokens, *blank], [*lengths, *blank]], device=self.device)
        return self._decode_step()(fed, length)[:n]

    def _decode_step(self) -> DecodeStep:
        # Chosen each time: kept, it would hold the runner and its cache beyond their use.
        return self.graphs or (self._decode_varlen if self._varlen else self._decode)

    def _decode(self, fed: Tensor, length: int) -> Tensor:
        """Logits `[B, V]` after one token a row; `fed` holds ids and positions `[2, B]`."""
        ids, position = fed[0], fed[1]
        self.cache.prepare_decode(position, length)
        output = self._call(ids[:, None], position[:, None], self._masks(position[:, None], length), **self._last)
        logits: Tensor = output.logits[:, -1]
        return logits

    def _decode_varlen(self, fed: Tensor, length: int) -> Tensor:
        """As `_decode`, with each row looked at up to its own end, so that the mask says nothing."""
        ids, position = fed[0], fed[1]
        with attending_to(self.cache.prepare_varlen_decode(position)):
            output = self._call(ids[:, None], position[:, None], NO_MASK, **self._last)
        logits: Tensor = output.logits[:, -1]
        return logits

    def _feed_prefill(self, rows: Sequence[int], tokens: Sequence[Sequence[int]], n_valid: list[int]) -> Tensor:
        # Rows differ in length, so shorter chunks are filled up at their end. What fills is stored nowhere and no token
        # that counts can see it, and logits are taken at each row's own last token: padding changes no number.
        q = max(n_valid)
        position, length = self.cache.prepare_prefill(rows, n_valid)
        ids = torch.tensor([[*chunk, *[0] * (q - len(chunk))] for chunk in tokens], device=self.device)
        last = torch.tensor([max(n - 1, 0) for n in n_valid], device=self.device)
        kept, place = torch.unique(last, return_inverse=True)
        masks = self._masks(position, length)
        output = self._call(ids, position, masks, **({"logits_to_keep": kept} if self._keeps else {}))
        batch = torch.arange(len(rows), device=self.device)
        logits: Tensor = output.logits[batch, place if self._keeps else last]
        return logits

    def _call(self, ids: Tensor, position: Tensor, masks: Tensor | dict[str, Tensor], **more: Any) -> Any:
        return self.model(
            input_ids=ids,
            attention_mask=masks,
            position_ids=position.clamp(max=self.max_length - 1),
            use_cache=True,
            **self._cached,
            **more,
        )

    def _masks(self, position: Tensor, length: int) -> Tensor | dict[str, Tensor]:
        """Where each token may look, `[B, 1, q, length]`, for every kind of layer: at its own row and not ahead.

        Tokens that only fill a row look at something too, so that nothing becomes NaN.
        """
        key, reach = torch.arange(length, device=self.device), position[:, None, :, None]
        masks = {}
        for kind, window in self.layout.windows.items():
            seen = key <= reach if window is None else (key <= reach) & (key > reach - window)
            masks[kind] = seen if self._bool_mask else self._additive(seen)
        return masks if len(masks) > 1 else next(iter(masks.values()))

    def _additive(self, mask: Tensor) -> Tensor:
        lowest = torch.finfo(self.model.dtype).min
        return torch.zeros(mask.shape, dtype=self.model.dtype, device=mask.device).masked_fill_(~mask, lowest)


def keeps_logits(model: Any) -> bool:
    """Whether a model takes `logits_to_keep`, the places whose logits alone it is to give."""
    return "logits_to_keep" in signature(model.forward).parameters


def cache_argument(model: Any) -> str:
    """By which name a model takes keys and values; where its signature hides it, by that of the model library."""
    for call in (model.forward, GenerationMixin.prepare_inputs_for_generation):
        for name in CACHE_NAMES:
            if name in signature(call).parameters:
                return name
    return CACHE_NAMES[0]
