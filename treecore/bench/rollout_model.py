"""Models to measure with: loaded ones, and one of random weights by its configuration; what they read, how fast.

Random weights need no download and never answer, so that everything ends by length. Knows no tree.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from treecore.errors import PolicyError, boundary
from treecore.policies import load_policy

RANDOM_CONFIG: dict[str, Any] = {
    "model_type": "qwen2",
    "num_hidden_layers": 24,
    "hidden_size": 896,
    "num_attention_heads": 14,
    "num_key_value_heads": 2,
    "intermediate_size": 4864,
    "vocab_size": 151936,
    "max_position_embeddings": 4096,
    "tie_word_embeddings": True,
}
"""About 0.5 billion parameters."""
COPY_BYTES = {"cuda": 2 << 30, "cpu": 1 << 28}
COPIES = 10


def random_policy(
    *, config: Mapping[str, str], device: str | None, dtype: str | None, seed: int, options: Mapping[str, Any]
) -> Any:
    """A policy on random weights with the tokenizer of the bundled model; no token ends its text.

    Args:
        config: fields of the configuration in place of those of `RANDOM_CONFIG`, as text.
        options: keywords of `TransformersPolicy`.

    Raises:
        PolicyError: no such device, dtype or configuration.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    from treecore.policies.local.policy import TransformersPolicy, pick_device, pick_dtype, quiet
    from treecore.tiny import path

    target = pick_device(device)
    number = pick_dtype(dtype or ("bfloat16" if target.type == "cuda" else None), target)
    ends: dict[str, Any] = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
    fields = {**RANDOM_CONFIG, **{name: _number(value) for name, value in config.items()}}
    with quiet(), boundary(PolicyError, "making a model of random weights"), torch.random.fork_rng():
        torch.manual_seed(seed)
        with torch.device(target):
            model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**fields, **ends), dtype=number)
        tokenizer = AutoTokenizer.from_pretrained(str(path()), local_files_only=True, trust_remote_code=False)
    tokenizer.eos_token = None
    tokenizer.model_max_length = model.config.max_position_embeddings
    return TransformersPolicy(model.eval(), tokenizer, name="random weights", **options)


def _number(text: str) -> Any:
    return int(text) if text.lstrip("-").isdigit() else {"true": True, "false": False}.get(text.lower(), text)


def loaded_policy(model: str, *, device: str | None, dtype: str | None, options: Mapping[str, Any]) -> Any:
    """A policy whose model is here, so that `generate` can run it too.

    Raises:
        PolicyError: see `load_policy`.
    """
    return load_policy(model, device=device, dtype=dtype, **options)


def model_facts(policy: Any) -> dict[str, Any]:
    """What the model is, and the bytes that a pass over it has to read.

    `weight_bytes` leaves out the table of input embeddings where the output has one of its own: a pass reads few rows
    of it. `cache_bytes_per_token` are the keys and values of one token in all layers.
    """
    model = policy.model
    table, head = model.get_input_embeddings(), model.get_output_embeddings()
    own = head is not None and head.weight is not table.weight
    read = sum(one.numel() * one.itemsize for one in model.parameters())
    return {
        "name": policy.name,
        "architecture": type(model).__name__,
        "parameters": sum(one.numel() for one in model.parameters()),
        "layers": len(policy.layout.specs),
        "dtype": str(model.dtype).removeprefix("torch."),
        "attention": model.config._attn_implementation,
        "weight_bytes": read - own * table.weight.numel() * table.weight.itemsize,
        "cache_bytes_per_token": policy.token_bytes,
    }


def device_facts(policy: Any) -> dict[str, Any]:
    """Where the model is, with what libraries, and how many threads torch is set to."""
    import torch
    import transformers

    device = policy.model.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "device": device.type,
        "device_name": name,
        "torch_threads": torch.get_num_threads(),
    }


def memory_bandwidth(device: Any) -> dict[str, Any]:
    """Bytes a second of the fastest of some copies from one large buffer on the device to another.

    A copy reads and writes, and both count.
    """
    import torch

    size = COPY_BYTES.get(device.type, COPY_BYTES["cpu"])
    source = torch.ones(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    seconds = []
    for _ in range(COPIES + 1):
        synchronise(device)
        began = time.perf_counter()
        target.copy_(source)
        synchronise(device)
        seconds.append(time.perf_counter() - began)
    return {"copy_bytes": size, "bytes_per_second": 2 * size / min(seconds[1:])}


def synchronise(device: Any) -> None:
    """Wait for what the device was given."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
