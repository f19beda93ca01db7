"""CUDA graphs for decoding: passes of one token a row in a few fixed shapes, each captured once as a graph.

A graph is launched as a whole: the many small kernels of a step no longer wait for Python. Elsewhere the same shapes
run as they are. Knows no text and no tree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from treecore.errors import PolicyError
from treecore.policies.local.bucketed_cache import BucketedCache
from treecore.policies.local.memory import out_of_memory

WARM_UPS = 2

DecodeStep = Callable[[Tensor, int], Tensor]
"""Ids and positions `[2, B]` of one token a row, and the length of the pass -> logits `[B, V]`."""


class CapturedGraph(NamedTuple):
    """A graph, the tensor that it reads from and the one that it writes to."""

    graph: Any
    fed: Tensor
    logits: Tensor


class CUDAGraphRunner:
    """A decoding step, captured for each shape on CUDA, and run as it is elsewhere.

    Args:
        cache: the store that the step works on.
        step: what is captured.
    """

    def __init__(self, cache: BucketedCache, step: DecodeStep) -> None:
        self.cache, self.step = cache, step
        self._graphs: dict[tuple[int, int], CapturedGraph] = {}
        self._version = cache.version

    def clear(self) -> None:
        """Drop all graphs."""
        self._graphs.clear()

    def __call__(self, fed: Tensor, length: int) -> Tensor:
        """Logits `[B, V]` of a step.

        Raises:
            PolicyError: the model does something that cannot be captured.
        """
        if self.cache.device.type != "cuda":
            return self.step(fed, length)
        if self._version != self.cache.version:
            self.clear()
            self._version = self.cache.version
        shape = (fed.shape[1], length)
        if shape not in self._graphs:
            self._graphs[shape] = self._capture(fed, length)
        held = self._graphs[shape]
        held.fed.copy_(fed)
        held.graph.replay()
        return held.logits.clone()

    def _capture(self, fed: Tensor, length: int) -> CapturedGraph:
        """Run the step a few times, which changes nothing, and capture it."""
        fed = fed.clone()
        try:
            beside: Any = torch.cuda.Stream(self.cache.device)  # type: ignore[no-untyped-call]
            beside.wait_stream(torch.cuda.current_stream(self.cache.device))
            with torch.cuda.stream(beside):
                for _ in range(WARM_UPS):
                    self.step(fed, length)
            torch.cuda.current_stream(self.cache.device).wait_stream(beside)
            graph, others = torch.cuda.CUDAGraph(), next(iter(self._graphs.values()), None)
            with torch.cuda.graph(graph, pool=None if others is None else others.graph.pool()):
                logits = self.step(fed, length)
        except RuntimeError as error:
            if out_of_memory(error):
                raise
            raise PolicyError(f"a step of this model cannot be captured ({error})", todo="leave static out") from error
        return CapturedGraph(graph, fed, logits)
