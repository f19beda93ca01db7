"""A policy for any causal language model that transformers loads and whose layers keep plain keys and values.

Weights come from safetensors only and no code of a model repository is run. Models that cannot be branched (recurrent
states, encoder-decoders, attention with rules of its own) are refused at load.
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
from transformers.utils import logging

from treecore.errors import PolicyError, boundary
from treecore.policies.base import EXTENDS, FORKS, GREEDY, PLAIN, TOP, Rendered
from treecore.policies.branchable import check_branchable, context_length, end_tokens
from treecore.policies.detokenize import Detokenizer
from treecore.policies.forward import Runner
from treecore.policies.memory import out_of_memory, store_bytes
from treecore.policies.slots import SlotSession
from treecore.policies.static_steps import SHORTEST, bucket
from treecore.protocols import Message, StepRule

MOST_SLOTS = 64
MOST_SLOTS_CUDA = 256
HUB_SECONDS = 5.0
SMALL_MODEL = 20_000_000
"""Parameters below which more threads than one spend their time waiting for each other."""
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
DEFAULT_DTYPES = {"cuda": (torch.bfloat16, torch.float16), "mps": (torch.bfloat16, torch.float16)}
"""What each kind of device computes in unless told otherwise, the first that it supports; all others in float32."""


class TransformersPolicy:
    """A loaded model with its tokenizer; sessions share the weights and nothing else.

    Args:
        model: a causal language model in evaluation mode.
        tokenizer: its tokenizer.
        name: what forests will say the model was.
        slots: most branches in one batch; 64 (256 on CUDA) when None.
        batch_tokens: most tokens of keys and values in one batch, rows x positions, unless one branch alone is longer;
            what fits into memory when None.
        static: keep the batch where it is and run single tokens in few fixed shapes, captured as graphs on CUDA.

    Raises:
        PolicyError: the model cannot be branched, or nothing fits into such a batch.
    """

    gives = frozenset({EXTENDS, FORKS, GREEDY, TOP})

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        name: str,
        slots: int | None = None,
        batch_tokens: int | None = None,
        static: bool = False,
    ) -> None:
        if batch_tokens is not None and batch_tokens < 1:
            raise PolicyError(f"batch_tokens={batch_tokens} is below 1", todo="give more, or leave it out")
        self.model, self.tokenizer, self.name, self.static = model, tokenizer, name, static
        self.max_length = context_length(model, tokenizer)
        checked = check_branchable(model, name, max_length=self.max_length, static=static)
        self.layout, self.layers = checked.layout, checked.layout.layers
        self.slots = slots or (MOST_SLOTS_CUDA if model.device.type == "cuda" else MOST_SLOTS)
        fitting = batch_tokens or max(1, store_bytes(model.device) // checked.token_bytes)
        self.batch_tokens = min(fitting, bucket(self.slots) * bucket(self.max_length, SHORTEST))
        self.detokenizer = Detokenizer(tokenizer)
        self.end_ids = end_tokens(model, tokenizer)
        small = model.device.type == "cpu" and model.num_parameters() < SMALL_MODEL
        self.threads = 1 if small else None

    @classmethod
    def load(
        cls,
        model: str,
        *,
        device: str | None = None,
        dtype: str | None = None,
        batch_tokens: int | None = None,
        static: bool = False,
    ) -> TransformersPolicy:
        """Load `tiny`, a local folder or a hub model. Arguments as in `treecore.policies.load_policy`.

        Raises:
            PolicyError: unknown device or dtype, nothing to load there, no memory for it, or a model that cannot be
                branched.
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
            if out_of_memory(error):
                raise PolicyError(
                    f"model {model!r} does not fit into the memory of {target}",
                    todo="use a smaller model, a shorter dtype or a device with more memory",
                ) from error
            first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise PolicyError(
                f"model {model!r} could not be loaded: {first.rstrip('. ')}",
                todo="give 'tiny', a folder with config.json, tokenizer and safetensors, or a hub name",
            ) from error
        return cls(weights, tokenizer, name=model, batch_tokens=batch_tokens, static=static)

    def runner(self) -> Runner:
        """The model with an empty batch."""
        return Runner(
            self.model, layout=self.layout, slots=self.slots, max_length=self.max_length,
            tokens=self.batch_tokens, static=self.static,
        )  # fmt: skip

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
        torch.zeros(1, device=target).item()
    except Exception as error:
        raise PolicyError(f"device {device!r} is not usable here", todo="use cpu, or leave it out") from error
    return target


def pick_dtype(dtype: str | None, device: torch.device) -> torch.dtype:
    """The number format asked for, or the device's own: `DEFAULT_DTYPES`, whatever the weights were saved in.

    Raises:
        PolicyError: an unknown name.
    """
    if dtype is None:
        return next((one for one in DEFAULT_DTYPES.get(device.type, ()) if computes(device, one)), torch.float32)
    if dtype not in DTYPES:
        raise PolicyError(f"unknown dtype {dtype!r}", todo=f"use one of {', '.join(DTYPES)}")
    return DTYPES[dtype]


def computes(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether the device itself computes in a number format, and does not imitate it with a wider one."""
    if device.type == "cuda" and dtype == torch.bfloat16:
        with torch.cuda.device(device):
            return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    try:
        one = torch.ones(1, 1, dtype=dtype, device=device)
        return float(one @ one) == 1
    except (RuntimeError, TypeError):
        return False


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
