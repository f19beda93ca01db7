"""Device memory: how much a batch may take, which errors mean that it ran out, and how to free what is unused.

Knows devices; knows no model and no tree.
"""

from __future__ import annotations

import gc

import torch
from torch import Tensor

SHARE = 0.4
"""Of the memory that is free on an accelerator, for keys and values; the rest is for passes and for what forks need."""
CPU_STORE_BYTES = 2 << 30
TOO_LARGE = "use a smaller model, a shorter dtype, a device with more memory, or shorter prompts and answers"
SIGNS = ("out of memory", "DefaultCPUAllocator", "not enough memory", "ALLOC_FAILED")


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory is used up, on any device."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in SIGNS)


def store_bytes(device: torch.device) -> int:
    """Bytes that keys and values may take: a fixed size on a CPU, a share of what is free elsewhere."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0] * SHARE)
    if device.type == "mps":
        free = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
        return int(max(free, 0) * SHARE)
    return CPU_STORE_BYTES


def give_back(device: torch.device) -> None:
    """Return to the device what was allocated and is used no more."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def duplicate(tensor: Tensor, *, on_host: bool = False) -> Tensor:
    """A copy, on the same device or in the host's memory."""
    return tensor.to("cpu", copy=True) if on_host else tensor.clone()
