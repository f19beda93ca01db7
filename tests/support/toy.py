"""A tokenizer of a dozen words, random models over it and a task for them, for tests of sampling."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from treecore.policies.local.policy import TransformersPolicy
from treecore.protocols import Part, Prompt, Span, Step, Task, Turn

WORDS = ("<eos>", "<unk>", ".", "!", "?", "seen", "a", "b", "c", "d", "e", "f")
MODELS = ("llama", "llama_gqa", "gpt2")
LENGTH = 96


def toy_tokenizer() -> PreTrainedTokenizerFast:
    backend = Tokenizer(WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="<unk>"))
    backend.pre_tokenizer = WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<eos>", unk_token="<unk>")


def toy_model(kind: str = "llama", *, layers: int = 2, length: int = LENGTH, **config: Any) -> Any:
    """A random model whose next-token distribution depends strongly on the whole past."""
    torch.manual_seed(7)
    common = {"vocab_size": len(WORDS), "bos_token_id": None, "eos_token_id": 0, "initializer_range": 0.25}
    if kind == "gpt2":
        return GPT2LMHeadModel(
            GPT2Config(n_embd=32, n_layer=layers, n_head=4, n_positions=length, **common, **config)
        ).eval()
    heads = 2 if kind == "llama_gqa" else 4
    return LlamaForCausalLM(
        LlamaConfig(
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=heads,
            max_position_embeddings=length,
            **common,
            **config,
        )
    ).eval()


def toy_policy(kind: str = "llama", *, layers: int = 1, max_sequences: int = 8, **config: Any) -> TransformersPolicy:
    """One layer is enough where what a forest holds is tested, and takes half the time."""
    model = toy_model(kind, layers=layers, **config)
    return TransformersPolicy(model, toy_tokenizer(), name=kind, max_sequences=max_sequences)


def deep_policy(kind: str = "llama", **settings: Any) -> TransformersPolicy:
    """With a layer above another, where keys, values and logits are tested."""
    return toy_policy(kind, layers=2, **settings)


class ToyTask(Task):
    """A step ends at `.`, `!` or `?`; `!` ends the trajectory, `?` is answered, `.` is not."""

    name = "toy"
    title = "Toy"
    stop: tuple[str, ...] = (".", "!", "?")
    max_steps = 5
    max_step_tokens = 9

    def prompts(self, n: int, *, seed: int) -> list[Prompt]:
        texts = [" ".join("abcdef"[place % 6] for place in (i, i + seed, i // 6)) for i in range(n)]
        return [Prompt(f"toy-{i}", f"{text} ?", f"question {i}", "a") for i, text in enumerate(texts)]

    def ask(self, question: str) -> Prompt:
        return Prompt("asked", question, question, "a")

    def respond(self, prompt: Prompt, steps: Sequence[Step], text: str) -> Turn:
        return Turn("seen e seen" if text.endswith("?") else "", text.endswith("!"))

    def reward(self, prompt: Prompt, steps: Sequence[Step]) -> float:
        return float("a" in steps[-1].text)

    def parts(self, text: str) -> list[Span]:
        return [Span(match.start(), match.end(), Part.ANSWER) for match in re.finditer(r"\S+ !", text)]

    def gold(self, prompt: Prompt) -> list[Step]:
        return [Step("a !")]
