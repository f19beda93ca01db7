"""A policy for any causal language model that transformers loads and whose layers keep plain keys and values.

Weights come from safetensors only and no code of a model repository is run. Models that cannot be branched (sliding
windows, recurrent states, encoder-decoders, attention with rules of its own) are refused at load.
"""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import torch
from huggingface_hub import constants
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.cache_utils import DynamicCache, DynamicLayer
from transformers.utils import logging

from treecore.errors import PolicyError, boundary
from treecore.policies.base import EXTENDS, FORKS, GREEDY, PLAIN, TOP, Rendered
from treecore.policies.detokenize import Detokenizer
from treecore.policies.forward import differs_from_plain
from treecore.policies.slots import SlotSession
from treecore.protocols import Message, StepRule

MOST_SLOTS = 64
MOST_SLOTS_CUDA = 256
TYPICAL_LENGTH = 1024
CPU_STORE_BYTES = 2 << 30
NO_LIMIT = 1 << 20
HUB_SECONDS = 5.0
SMALL_MODEL = 20_000_000
"""Parameters below which more threads than one spend their time waiting for each other."""


class TransformersPolicy:
    """A loaded model with its tokenizer; sessions share the weights and nothing else.

    Args:
        model: a causal language model in evaluation mode.
        tokenizer: its tokenizer.
        name: what forests will say the model was.
        slots: branches in one batch; as many as fit, at most 64 (256 on CUDA), when None.

    Raises:
        PolicyError: the model cannot be branched.
    """

    gives = frozenset({EXTENDS, FORKS, GREEDY, TOP})

    def __init__(self, model: Any, tokenizer: Any, *, name: str, slots: int | None = None) -> None:
        self.model, self.tokenizer, self.name = model, tokenizer, name
        self.layers = branchable_layers(model, name)
        self.max_length = context_length(model, tokenizer)
        if reason := differs_from_plain(model, layers=self.layers, max_length=self.max_length):
            raise PolicyError(f"model {name!r} cannot be branched: {reason}", todo="use another model")
        self.slots = slots or self._fitting_slots()
        self.detokenizer = Detokenizer(tokenizer)
        self.end_ids = end_tokens(model, tokenizer)
        small = model.device.type == "cpu" and model.num_parameters() < SMALL_MODEL
        self.threads = 1 if small else None

    @classmethod
    def load(cls, model: str, *, device: str | None = None, dtype: str | None = None) -> TransformersPolicy:
        """Load `tiny`, a local folder or a hub model.

        Raises:
            PolicyError: unknown device or dtype, nothing to load there, or a model that cannot be branched.
        """
        target = pick_device(device)
        number = pick_dtype(dtype, target)
        source, local = locate(model)
        try:
            with quiet():
                tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=local, trust_remote_code=False)
                weights = AutoModelForCausalLM.from_pretrained(
                    source, local_files_only=local, trust_remote_code=False, use_safetensors=True, dtype=number
                )
            weights = weights.to(target).eval()
        except Exception as error:
            first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise PolicyError(
                f"model {model!r} could not be loaded: {first.rstrip('. ')}",
                todo="give 'tiny', a folder with config.json, tokenizer and safetensors, or a hub name",
            ) from error
        return cls(weights, tokenizer, name=model)

    def session(
        self, *, temperature: float, top_p: float, stop: Sequence[str], max_step_tokens: int, rule: StepRule = PLAIN
    ) -> SlotSession:
        return SlotSession(
            self, temperature=temperature, top_p=top_p, stop=tuple(stop), max_step_tokens=max_step_tokens, rule=rule
        )

    def encode(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def encode_prompt(self, text: str) -> list[int]:
        """Ids of a prompt, with the control tokens that the tokenizer puts before a text that is no chat."""
        ids = list(self.tokenizer(text, add_special_tokens=not isinstance(text, Rendered))["input_ids"])
        if not ids and self.tokenizer.bos_token_id is not None:
            ids = [int(self.tokenizer.bos_token_id)]
        return ids

    def chat_text(self, messages: Sequence[Message]) -> Rendered | None:
        if not self.tokenizer.chat_template:
            return None
        chat = [message._asdict() for message in messages]
        with boundary(PolicyError, f"the chat template of model {self.name!r}"):
            return Rendered(self.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))

    def pieces(self, ids: Sequence[int]) -> list[str]:
        return self.detokenizer.pieces(ids)

    def describe(self) -> Mapping[str, Any]:
        return {
            "model": self.name,
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "device": self.model.device.type,
            "weights": self.weights_digest,
        }

    @property
    def vocabulary_size(self) -> int:
        """Entries of the output distribution."""
        return int(self.model.config.get_text_config(decoder=True).vocab_size)

    @cached_property
    def weights_digest(self) -> str:
        """SHA-256 of all parameters with their names."""
        sha = hashlib.sha256()
        for name, tensor in sorted(self.model.state_dict().items()):
            sha.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
            sha.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
        return sha.hexdigest()

    def _fitting_slots(self) -> int:
        config = self.model.config.get_text_config(decoder=True)
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        row = 2 * self.layers * heads * dim * self.model.dtype.itemsize * min(self.max_length, TYPICAL_LENGTH)
        device = self.model.device
        if device.type == "cuda":
            most, free = MOST_SLOTS_CUDA, torch.cuda.mem_get_info(device)[0] * 2 // 5
        else:
            most, free = MOST_SLOTS, CPU_STORE_BYTES
        return int(max(1, min(most, free // row)))


def branchable_layers(model: Any, name: str) -> int:
    """Number of layers, all with plain keys and values.

    Raises:
        PolicyError: some have not.
    """
    refused = f"model {name!r} cannot be branched: "
    todo = "use a decoder-only model with full attention in every layer"
    if model.config.is_encoder_decoder:
        raise PolicyError(refused + "it is an encoder-decoder", todo=todo)
    try:
        layers = DynamicCache(config=model.config.get_text_config(decoder=True)).layers
    except Exception as error:
        raise PolicyError(refused + f"its cache is of an unknown kind ({error})", todo=todo) from error
    odd = sorted({type(layer).__name__ for layer in layers if type(layer) is not DynamicLayer})
    if odd or not layers:
        raise PolicyError(refused + f"it has layers of another kind ({', '.join(odd) or 'none'})", todo=todo)
    return len(layers)


def context_length(model: Any, tokenizer: Any) -> int:
    """Positions that the model knows, or that its tokenizer says it knows."""
    config = model.config.get_text_config(decoder=True)
    known = [getattr(config, "max_position_embeddings", None), getattr(tokenizer, "model_max_length", None)]
    return min([int(length) for length in known if length and length > 0] + [NO_LIMIT])


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Ids that end a text."""
    generation = getattr(model, "generation_config", None)
    found: set[int] = set()
    for value in (getattr(generation, "eos_token_id", None), model.config.eos_token_id, tokenizer.eos_token_id):
        found.update([] if value is None else value if isinstance(value, (list, tuple)) else [value])
    return frozenset(found)


def locate(model: str) -> tuple[str, bool]:
    """Where to load from, and whether to look on this machine only: a folder, or the cache when no hub answers.

    Raises:
        PolicyError: it reads as a path and nothing is there.
    """
    if model == "tiny":
        from treecore import tiny

        return str(tiny.path()), True
    folder = Path(model).expanduser()
    if folder.is_dir():
        return str(folder), True
    if model.startswith((".", "~", os.sep)) or model.count("/") > 1:
        raise PolicyError("there is no such folder", where=model, todo="give 'tiny', a model's folder or a hub name")
    return model, not hub_answers()


def hub_answers() -> bool:
    """Whether the model hub can be reached; taken for granted behind a proxy."""
    if getproxies():
        return True
    hub = urlsplit(constants.ENDPOINT)
    try:
        socket.create_connection((hub.hostname, hub.port or 443), timeout=HUB_SECONDS).close()
    except OSError:
        return False
    return True


def pick_device(device: str | None) -> torch.device:
    """The device asked for, or the best one present.

    Raises:
        PolicyError: there is no such device here.
    """
    if device is None:
        return torch.device(
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    try:
        target = torch.device(device)
        torch.empty(1, device=target)
    except Exception as error:
        raise PolicyError(f"device {device!r} is not usable here", todo="use cpu, or leave it out") from error
    return target


def pick_dtype(dtype: str | None, device: torch.device) -> torch.dtype | str:
    """Float32 on a CPU and the model's own elsewhere, unless asked otherwise.

    Raises:
        PolicyError: an unknown name.
    """
    if dtype is None:
        return torch.float32 if device.type == "cpu" else "auto"
    known = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if dtype not in known:
        raise PolicyError(f"unknown dtype {dtype!r}", todo=f"use one of {', '.join(known)}")
    return known[dtype]


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bars and no advice of the model library."""
    bars, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
