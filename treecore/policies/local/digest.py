"""A hash of model weights, in memory or in files, that says whether two models are the same.

Weights in files keep the number format they were saved in, so their digest says the same whatever format they are
loaded in. Knows tensors and their names; knows no tokenizer and no text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import torch
from huggingface_hub import try_to_load_from_cache
from safetensors import safe_open
from torch import Tensor

WHOLE, INDEX = "model.safetensors", "model.safetensors.index.json"
ADAPTER = "adapter_config.json"


def digest_of_model(model: Any) -> str:
    """SHA-256 of all weights with their names, as the model holds them."""
    return _digest({name: tensor.detach for name, tensor in model.state_dict().items()})


def digest_of_files(model: Any, files: Sequence[Path], *, unused: Collection[str]) -> str:
    """SHA-256 of all weights with their names, as they were saved; equal to that of a model in the same format.

    Args:
        model: what was loaded of the files; it says which weights go by several names, of which one was saved.
        files: all safetensors of the model.
        unused: saved weights that the model has no use for.
    """
    readers: dict[str, Callable[[], Tensor]] = {}
    for file in files:
        opened: Any = safe_open(file, framework="pt")
        readers |= {name: partial(opened.get_tensor, name) for name in opened.keys() if name not in unused}  # noqa: SIM118
    held = model.state_dict()
    places = {held[name].data_ptr(): name for name in readers if name in held}
    for name in held.keys() - readers.keys():
        if saved := places.get(held[name].data_ptr()):
            readers[name] = readers[saved]
    return _digest(readers)


def weight_files(source: str) -> list[Path]:
    """The safetensors that a folder's or a cached hub model's weights came from; none where they came otherwise."""
    if _held(source, name=ADAPTER):
        return []
    if whole := _held(source, name=WHOLE):
        return [whole]
    index = _held(source, name=INDEX)
    names = sorted(set(orjson.loads(index.read_bytes())["weight_map"].values())) if index else []
    files = [_held(source, name=name) for name in names]
    return [file for file in files if file] if all(files) else []


def _held(source: str, *, name: str) -> Path | None:
    """A file of a model on this machine."""
    if Path(source).is_dir():
        file = Path(source, name)
        return file if file.is_file() else None
    cached = try_to_load_from_cache(source, name)
    return Path(cached) if isinstance(cached, str) else None


def _digest(readers: Mapping[str, Callable[[], Tensor]]) -> str:
    sha = hashlib.sha256()
    for name, read in sorted(readers.items()):
        tensor: Any = read()
        sha.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        sha.update(tensor.cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return sha.hexdigest()
