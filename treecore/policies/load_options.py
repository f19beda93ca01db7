"""`LoadOptions`: device, number type and batch size with which a model is loaded here, or the server that runs it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class LoadOptions:
    """How a model is loaded, made once and carried to `treecore.policies.load_policy`.

    Attributes:
        device: `cpu`, `cuda`, `cuda:1`, `mps`; the best one present when None.
        dtype: `float32`, `bfloat16` or `float16`; when None, on CUDA and MPS the first of bfloat16, float16
            and float32 that the device itself computes in, and float32 elsewhere.
        batch_tokens: capacity of the KV cache in tokens, those of all running branches together, rows x positions; what
            fits into memory when None. One branch is let through whatever it needs.
        static: keep the batch in one place and run single tokens in few fixed shapes, on CUDA as captured graphs.
    """

    device: str | None = None
    dtype: str | None = None
    batch_tokens: int | None = None
    static: bool = False

    @property
    def given(self) -> dict[str, Any]:
        """Those that differ from the defaults, by name."""
        return {name: value for name, value in vars(self).items() if value is not None and value is not False}


LOAD_OPTIONS = tuple(option.name for option in fields(LoadOptions))
