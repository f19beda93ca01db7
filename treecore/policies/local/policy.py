"""`TransformersPolicy`: any causal language model that transformers loads and whose layers keep plain keys and values.

Weights come from safetensors only and no code of a model repository is run. Models that cannot be branched (recurrent
states, encoder-decoders, attention with rules of its own) are refused at load.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from typing import Any

import torch
from transformers.utils import logging as library

from treecore.errors import PolicyError, boundary
from treecore.policies.base import ALTERNATIVES, EXTENDS, FORKS, GREEDY, PLAIN, TOP_ENTROPY, Policy
from treecore.policies.load_options import LoadOptions
from treecore.policies.local.bucketed_cache import MIN_LENGTH, bucket
from treecore.policies.local.checkpoint import load_checkpoint
from treecore.policies.local.cuda_graphs import CUDAGraphRunner
from treecore.policies.local.detokenize import Detokenizer
from treecore.policies.local.digest import digest_of_model
from treecore.policies.local.memory import TOO_LARGE, out_of_memory, store_bytes
from treecore.policies.local.model_checks import check_branchable, context_length, end_tokens
from treecore.policies.local.model_runner import ModelRunner, keeps_logits
from treecore.policies.local.onednn_model import packed_copy, redirected
from treecore.policies.local.session import LocalSession
from treecore.policies.local.token_sampling import measured
from treecore.policies.local.torch_threads import torch_threads
from treecore.protocols import Message, RenderedChat, StepRule

MAX_SEQUENCES = 64
MAX_SEQUENCES_SMALL = 128
MAX_SEQUENCES_CUDA = 1024
SMALL_MODEL = 20_000_000
"""Parameters below which more threads than one spend their time waiting for each other."""
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
DEFAULT_DTYPES = {"cuda": (torch.bfloat16, torch.float16), "mps": (torch.bfloat16, torch.float16)}
"""What each kind of device computes in by default, the first that it supports; all others in float32."""

log = logging.getLogger(__name__)


class TransformersPolicy(Policy):
    """A loaded model with its tokenizer; sessions that live at the same time share the weights and nothing else.

    Args:
        model: a causal language model in evaluation mode.
        tokenizer: its tokenizer.
        name: what forests will say the model was.
        max_sequences: most branches in one batch; when None 64 on a CPU (128 of a small model) and 1,024 on CUDA.
        batch_tokens: capacity of the KV cache in tokens, rows x positions, unless one branch alone is longer; what fits
            into memory when None.
        static: keep the batch where it is and run decoding steps in few fixed shapes, captured as graphs on CUDA.
        digest: of the weights as they were saved; of those that the model holds when None.

    Raises:
        PolicyError: the model cannot be branched, or nothing fits into such a batch.
    """

    gives = frozenset({ALTERNATIVES, EXTENDS, FORKS, GREEDY, TOP_ENTROPY})

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        name: str,
        max_sequences: int | None = None,
        batch_tokens: int | None = None,
        static: bool = False,
        digest: str | None = None,
    ) -> None:
        if batch_tokens is not None and batch_tokens < 1:
            raise PolicyError(f"batch_tokens={batch_tokens} is below 1", todo="give more, or leave it out")
        if static and model.device.type != "cuda":
            log.warning("static steps save time on CUDA only; on %s they save none", model.device.type)
        self.model, self.tokenizer, self.name, self.static = model, tokenizer, name, static
        self._digest = digest
        self.max_length = context_length(model, tokenizer)
        small = model.device.type == "cpu" and model.num_parameters() < SMALL_MODEL
        checked = check_branchable(model, name, max_length=self.max_length, static=static, small=small)
        self.layout, self.packed, self.token_bytes = checked.layout, checked.packed, checked.token_bytes
        most = MAX_SEQUENCES_CUDA if model.device.type == "cuda" else MAX_SEQUENCES_SMALL if small else MAX_SEQUENCES
        self.max_sequences = max_sequences or most
        self.kv_cache_limit = batch_tokens or max(1, store_bytes(model.device) // checked.token_bytes)
        self.kv_cache_tokens = min(
            self.kv_cache_limit, bucket(self.max_sequences) * bucket(self.max_length, least=MIN_LENGTH)
        )
        self.detokenizer = Detokenizer(tokenizer)
        self.end_ids = end_tokens(model, tokenizer)
        self.threads = 1 if small else None
        self.one_core = small
        self._idle: list[CUDAGraphRunner] = []

    def __getstate__(self) -> dict[str, Any]:
        """What a copy in another process needs."""
        return {**self.__dict__, "_idle": [], "detokenizer": Detokenizer(self.tokenizer)}

    def worker_copy(self, processes: int) -> TransformersPolicy:
        """The same for another process, with its share of the keys and values that all of them may hold."""
        there = copy(self)
        there.kv_cache_tokens = max(1, min(self.kv_cache_tokens, self.kv_cache_limit // processes))
        return there

    @classmethod
    def load(cls, model: str, options: LoadOptions) -> TransformersPolicy:
        """Load `tiny`, a local folder or a hub model.

        Raises:
            PolicyError: unknown device or dtype, nothing whole to load there, no memory for it, or a model that cannot
                be branched.
        """
        target = pick_device(options.device)
        with quiet():
            found = load_checkpoint(model, device=target, dtype=pick_dtype(options.dtype, target))
        return cls(
            found.model,
            found.tokenizer,
            name=model,
            batch_tokens=options.batch_tokens,
            static=options.static,
            digest=found.digest,
        )

    def runner(self) -> ModelRunner:
        """The model with an empty batch; with `static` in the memory, and with the graphs, of one that is idle."""
        try:
            graphs = self._idle.pop()
        except IndexError:
            graphs = None
        return ModelRunner(
            packed_copy(self.model) if self.packed and not redirected(self.model) else self.model,
            layout=self.layout,
            max_rows=self.max_sequences,
            max_length=self.max_length,
            max_tokens=self.kv_cache_tokens,
            static=self.static,
            graphs=graphs,
        )

    def take_back(self, runner: ModelRunner) -> None:
        """Keep the graphs of a session that is over for the next, one at most, unless memory ran out on them."""
        graphs = runner.graphs
        if graphs is not None and not self._idle and graphs.cache.max_tokens == self.kv_cache_tokens:
            self._idle.append(graphs)

    def give_up_idle(self) -> None:
        """Let go of the memory that is kept for the next session."""
        self._idle.clear()

    def session(
        self,
        *,
        temperature: float,
        top_p: float,
        stop: Sequence[str],
        max_step_tokens: int,
        rule: StepRule = PLAIN,
        top_tokens: int = 0,
    ) -> LocalSession:
        params = {"temperature": temperature, "top_p": top_p}
        return LocalSession(
            self, **params, stop=tuple(stop), max_step_tokens=max_step_tokens, rule=rule, top_tokens=top_tokens
        )

    def encode(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def encode_prompt(self, prompt: str | RenderedChat) -> list[int]:
        """Ids of a prompt, with the control tokens that the tokenizer puts before a text that is no chat."""
        text, control = (prompt, True) if isinstance(prompt, str) else (prompt.text, False)
        ids = list(self.tokenizer(text, add_special_tokens=control, verbose=False)["input_ids"])
        if not ids and self.tokenizer.bos_token_id is not None:
            ids = [int(self.tokenizer.bos_token_id)]
        return ids

    def measure(self, prompt: str | RenderedChat, ids: Sequence[int]) -> list[list[float]]:
        """See `MeasuringPolicy`."""
        before = self.encode_prompt(prompt)
        if not before:
            raise PolicyError("the prompt has no tokens", todo="give it some text")
        run = [*before, *ids][: self.max_length]
        if len(run) <= len(before):
            return [[], []]
        device, keeps = self.model.device, keeps_logits(self.model)
        try:
            with torch.inference_mode(), torch_threads(self.threads):
                place = torch.arange(len(before) - 1, len(run) - 1, device=device)
                kept = {"logits_to_keep": place} if keeps else {}
                logits = self.model(input_ids=torch.tensor([run], device=device), use_cache=False, **kept).logits[0]
                return measured(logits if keeps else logits[place])
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            raise PolicyError("memory is used up by one trajectory alone", todo=TOO_LARGE) from error

    def chat_text(self, messages: Sequence[Message]) -> RenderedChat | None:
        if not self.tokenizer.chat_template:
            return None
        chat = [message._asdict() for message in messages]
        with boundary(PolicyError, f"the chat template of model {self.name!r}"):
            return RenderedChat(self.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))

    def token_strings(self, ids: Sequence[int]) -> list[str]:
        return self.detokenizer.token_strings(ids)

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
        """SHA-256 of all weights with their names, as they were saved where they were loaded."""
        return self._digest or digest_of_model(self.model)


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
    bars, level = library.is_progress_bar_enabled(), library.get_verbosity()
    library.disable_progress_bar()
    library.set_verbosity_error()
    try:
        yield
    finally:
        library.set_verbosity(level)
        if bars:
            library.enable_progress_bar()
