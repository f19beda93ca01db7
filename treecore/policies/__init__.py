"""Models that write steps. Importing this package loads no model library; `load_policy` does.

A policy keeps a tree of `State`s, one for every place where writing may go on, and grows `Branch`es from them. It
knows tokens and text; it knows no task, no reward and no sampler.
"""

from __future__ import annotations

from treecore.errors import PolicyError
from treecore.policies.base import Branch, Completion, FinishReason, Policy, Session, State, TokenUsage

__all__ = ["Branch", "Completion", "FinishReason", "Policy", "Session", "State", "TokenUsage", "load_policy"]


def load_policy(
    model: str,
    *,
    device: str | None = None,
    dtype: str | None = None,
    batch_tokens: int | None = None,
    static: bool = False,
    server: str | None = None,
    concurrency: int = 16,
    timeout: float = 120.0,
) -> Policy:
    """A policy by name: `tiny` (bundled), a local folder, a model name of the Hugging Face hub, or one of a server.

    Args:
        model: what to load; with `server`, the name that it has there.
        device: `cpu`, `cuda`, `cuda:1`, `mps`; the best one present when None.
        dtype: `float32`, `bfloat16` or `float16`; when None, on CUDA and MPS the first of bfloat16, float16
            and float32 that the device itself computes in, and float32 elsewhere.
        batch_tokens: most tokens of keys and values held for live branches at once, rows x positions; what fits into
            memory when None. One branch is let through whatever it needs.
        static: keep the batch in one place and run single tokens in few fixed shapes, on CUDA as captured graphs.
        server: address of an OpenAI-compatible server that runs the model, for example `http://localhost:8000/v1`.
            A key, where it wants one, comes from the environment variable `OPENAI_API_KEY`.
        concurrency: requests under way at a time; with `server` only.
        timeout: longest wait for one answer, seconds; with `server` only.

    Raises:
        PolicyError: it cannot be loaded or reached, its attention keeps no plain list of keys and values, or an
            argument that does not fit.
    """
    if server is not None:
        from treecore.policies.openai.policy import ServerPolicy

        given = {"device": device, "dtype": dtype, "batch_tokens": batch_tokens, "static": static or None}
        if wrong := [name for name, value in given.items() if value is not None]:
            raise PolicyError(f"{wrong[0]} is given for a model that a server runs", todo="leave it to the server")
        return ServerPolicy.connect(server, model, concurrency=concurrency, timeout=timeout)
    from treecore.policies.local.policy import TransformersPolicy

    return TransformersPolicy.load(model, device=device, dtype=dtype, batch_tokens=batch_tokens, static=static)
