"""Kinds of models: branches of each give what the model itself gives, and what cannot be branched is refused."""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from recomputed import recomputed
from toy import LENGTH, WORDS, ToyTask, toy_tokenizer
from transformers import CONFIG_MAPPING, AutoConfig, AutoModelForCausalLM

from treecore.errors import PolicyError
from treecore.policies.local import model_checks as branchable
from treecore.policies.local.model_checks import context_length
from treecore.policies.local.model_runner import CACHE_NAMES, cache_argument
from treecore.policies.local.policy import TransformersPolicy
from treecore.rollouts import rollout

WINDOW = 5
MIXED = ["sliding_attention", "full_attention"]
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen2": {},
    "qwen2 mixed": {"use_sliding_window": True, "sliding_window": WINDOW, "layer_types": MIXED},
    "qwen3": {"head_dim": 8},
    "mistral": {"sliding_window": None},
    "mistral sliding": {"sliding_window": WINDOW},
    "mixtral sliding": {"sliding_window": WINDOW, "num_local_experts": 2},
    "gemma2 mixed": {"sliding_window": WINDOW, "head_dim": 8, "layer_types": MIXED},
    "gemma3_text mixed": {"sliding_window": WINDOW, "head_dim": 8, "layer_types": MIXED},
    "cohere2 mixed": {"sliding_window": WINDOW, "layer_types": MIXED},
    "gpt_oss mixed": {
        "sliding_window": WINDOW,
        "head_dim": 8,
        "layer_types": MIXED,
        "num_local_experts": 4,
        "num_experts_per_tok": 2,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
    },
    "phi3": {},
    "phi3 sliding": {"sliding_window": WINDOW},
    "starcoder2 sliding": {"sliding_window": WINDOW},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": LENGTH},
    "gpt_neox": {},
    "gptj": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": LENGTH, "rotary_dim": 4},
    "opt": {"ffn_dim": 48, "word_embed_proj_dim": 32},
    "falcon": {"alibi": False},
    "olmo2": {},
    "mpt": {"d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": LENGTH},
    "qwen3_moe": {"head_dim": 8, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 8},
    "deepseek_v3": {
        "q_lora_rank": 8,
        "kv_lora_rank": 8,
        "qk_rope_head_dim": 4,
        "qk_nope_head_dim": 4,
        "v_head_dim": 12,
        "num_key_value_heads": 4,
        "n_routed_experts": 4,
        "num_experts_per_tok": 2,
        "n_group": 2,
        "topk_group": 1,
        "first_k_dense_replace": 1,
        "moe_intermediate_size": 8,
    },
    "granite": {},
}
COMMON = {
    "vocab_size": len(WORDS),
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": LENGTH,
    "bos_token_id": None,
    "eos_token_id": 0,
    "pad_token_id": None,
    "initializer_range": 0.25,
}
OWN_SIZES_TAKE = ("vocab_size", "bos_token_id", "eos_token_id", "initializer_range")
OWN_SIZES = ("gpt2", "gptj", "gpt_neo", "bloom", "mpt")


def random_model(name: str, **config: Any) -> Any:
    """A small random model of a family."""
    family = name.split()[0]
    common = {key: COMMON[key] for key in COMMON if family not in OWN_SIZES or key in OWN_SIZES_TAKE}
    torch.manual_seed(7)
    made = AutoConfig.for_model(family, **{**common, **FAMILIES.get(name, {}), **config})
    return AutoModelForCausalLM.from_config(made).eval()


def random_policy(name: str, *, static: bool = False, **config: Any) -> TransformersPolicy:
    model = random_model(name, **config)
    return TransformersPolicy(model, toy_tokenizer(), name=name, max_sequences=5, static=static)


@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize("name", FAMILIES)
def test_branches_give_what_the_model_gives(name: str, static: bool) -> None:
    policy = random_policy(name, static=static)
    beyond = 0
    for forest in rollout(task=ToyTask(), model=policy, prompts=3, m=2, n=3, l=2, seed=1):
        table = forest.tokens
        assert table is not None
        for leaf in forest.leaves:
            plain, entropy, at = recomputed(policy, forest, int(leaf))
            own = table.part[at] > 0
            np.testing.assert_allclose(table.logprob[at][own], plain[own], atol=1e-4)
            np.testing.assert_allclose(table.entropy[at][own], entropy[own], atol=1e-4)
            beyond += len(at) > 2 * WINDOW
    assert beyond > 3


def test_windows_are_kept_of_sliding_layers_alone() -> None:
    assert dict(random_policy("mistral sliding").layout.windows) == {"sliding_attention": WINDOW}
    assert dict(random_policy("gemma2 mixed").layout.windows) == {"sliding_attention": WINDOW, "full_attention": None}
    assert random_policy("gemma2 mixed").model.config.sliding_window == WINDOW


@pytest.mark.parametrize("name", ["mistral sliding", "gemma2 mixed"])
def test_a_window_that_were_not_minded_would_be_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treecore.policies.local.model_checks.PROBE_WINDOW", 4)
    real = branchable.short_windows

    @contextmanager
    def wrong(model: Any, windows: dict[str, int | None]) -> Iterator[dict[str, int | None]]:
        with real(model, windows) as short:
            yield {kind: None if window is None else 5 for kind, window in short.items()}

    random_policy(name)
    monkeypatch.setattr(branchable, "short_windows", wrong)
    with pytest.raises(PolicyError, match="give other logits"):
        random_policy(name)


LLAMA4 = {"attention_chunk_size": 4, "head_dim": 8, "num_local_experts": 2, "intermediate_size_mlp": 48}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "llama4_text": (LLAMA4, "layers of another kind .*chunked_attention"),
    "gpt_neo": (
        {"num_layers": 2, "num_heads": 4, "hidden_size": 32, "attention_types": [[["global", "local"], 1]]},
        "give other logits",
    ),
    "gpt_neo global": (
        {"num_layers": 2, "num_heads": 4, "hidden_size": 32, "attention_types": [[["global"], 2]]},
        "give other logits",
    ),
    "mamba": ({"state_size": 4}, "cannot be branched"),
    "jamba": ({}, "layers of another kind .*(linear_attention|mamba)"),
    "lfm2": ({"layer_types": ["conv", "full_attention"]}, "layers of another kind .*conv"),
    "deepseek_v32": ({}, "layers of another kind .*(indexed|sparse)_attention"),
    "bloom": ({"hidden_size": 32, "n_layer": 2, "n_head": 4}, "cannot be branched"),
    "falcon": ({"alibi": True}, "cannot be branched"),
    "gemma3_text": ({"use_bidirectional_attention": True, "head_dim": 8, "layer_types": MIXED}, "both directions"),
    "bert": ({"pad_token_id": 0}, "both directions"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_kinds_of_attention_are_refused(name: str) -> None:
    if name.split()[0] not in CONFIG_MAPPING:
        pytest.skip("this release of transformers has no such kind")
    config, said = REFUSED[name]
    with pytest.raises(PolicyError, match=said) as caught:
        random_policy(name, **config)
    assert "\n" not in str(caught.value)


LOOKS_AHEAD: dict[str, dict[str, Any]] = {
    "bert": {"pad_token_id": 0},
    "bert faint": {"pad_token_id": 0, "initializer_range": 0.005},
    "gemma3_text": {"use_bidirectional_attention": True, "head_dim": 8, "layer_types": MIXED},
}


@pytest.mark.parametrize("name", LOOKS_AHEAD)
def test_looking_ahead_is_noticed_whatever_the_configuration_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branchable, "check_kind", lambda config, name: None)
    with pytest.raises(PolicyError, match=r"its attention looks ahead \(later tokens move its logits by .* of .*\)"):
        random_policy(name, **LOOKS_AHEAD[name])


@pytest.mark.parametrize("number", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", FAMILIES)
def test_looking_ahead_is_told_from_rounding(name: str, number: torch.dtype) -> None:
    model = random_model(name).to(number)
    run = branchable.some_runs(model)[0]
    with torch.inference_mode():
        branchable.check_causal(branchable._plain(model, run), model, name, run=run)


def with_forward(model: Any, argument: str) -> Any:
    """A model whose forward takes keys and values by this name alone."""
    real, name = model.forward, cache_argument(model)

    def newer(input_ids: Any = None, cache: Any = None, use_cache: Any = None, **more: Any) -> Any:
        return real(input_ids=input_ids, use_cache=use_cache, **{name: cache}, **more)

    def older(input_ids: Any = None, past_key_values: Any = None, use_cache: Any = None, **more: Any) -> Any:
        return real(input_ids=input_ids, use_cache=use_cache, **{name: past_key_values}, **more)

    model.forward = newer if argument == "cache" else older
    return model


@pytest.mark.parametrize("argument", CACHE_NAMES)
@pytest.mark.parametrize("static", [False, True])
def test_keys_and_values_go_by_the_name_that_the_model_takes(argument: str, static: bool) -> None:
    model = with_forward(random_model("llama"), argument)
    assert cache_argument(model) == argument
    TransformersPolicy(model, toy_tokenizer(), name="m", max_sequences=5, static=static)


@pytest.mark.parametrize("name", ["llama", "gpt2", "gemma2 mixed"])
def test_a_model_is_called_as_its_library_wants_it(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rollout(task=ToyTask(), model=random_policy(name), prompts=1, m=1, n=1, l=1)


class StrangeError(Exception):
    """Not what a pass raises that cannot take something."""


@pytest.mark.parametrize("error", [StrangeError("of its own"), FutureWarning("will go"), OSError("no disk")])
@pytest.mark.parametrize("after", [0, 5])
def test_what_says_nothing_of_branches_keeps_its_own_words(error: Exception, after: int) -> None:
    model = random_model("llama")
    real, calls = model.forward, itertools.count()

    @functools.wraps(real)
    def forward(*args: Any, **more: Any) -> Any:
        if next(calls) >= after:
            raise error
        return real(*args, **more)

    model.forward = forward
    with pytest.raises(PolicyError) as caught:
        TransformersPolicy(model, toy_tokenizer(), name="m")
    assert str(caught.value) == f"model 'm' failed with {type(error).__name__}: {error}"


@pytest.mark.parametrize(
    ("rows", "said"), [(1, "failed with ValueError: one row"), (3, "does not take rows of different length .*one row")]
)
def test_only_rows_together_are_evidence_against_rows_together(rows: int, said: str) -> None:
    model = random_model("llama")
    real = model.forward

    @functools.wraps(real)
    def forward(*args: Any, **more: Any) -> Any:
        if len(more["input_ids"]) >= rows:
            raise ValueError("one row")
        return real(*args, **more)

    model.forward = forward
    with pytest.raises(PolicyError, match=said):
        TransformersPolicy(model, toy_tokenizer(), name="m")


def test_a_decoder_of_an_encoder_family_is_taken() -> None:
    random_policy("bert", is_decoder=True, pad_token_id=0)


def test_a_model_that_judges_is_refused() -> None:
    model = random_model("llama")
    model.config.architectures = ["LlamaForSequenceClassification"]
    with pytest.raises(PolicyError, match="saved as LlamaForSequenceClassification, which writes no text"):
        TransformersPolicy(model, toy_tokenizer(), name="m")
    model.config.architectures = ["LLaMAForCausalLM"]
    TransformersPolicy(model, toy_tokenizer(), name="m")


def test_encoder_decoders_are_refused() -> None:
    model = random_model("llama")
    model.config.is_encoder_decoder = True
    with pytest.raises(PolicyError, match="encoder-decoder"):
        TransformersPolicy(model, toy_tokenizer(), name="m")


def test_a_model_that_overflows_its_dtype_is_refused() -> None:
    model = random_model("llama").half()
    with torch.no_grad():
        model.model.norm.weight.fill_(6e4)
    with pytest.raises(PolicyError, match="gives no finite numbers in float16; use dtype float32 or bfloat16"):
        TransformersPolicy(model, toy_tokenizer(), name="m")


NOT_FINITE = r"model 'm' has weights that are not finite \(model.layers.1.mlp.up_proj.weight, 1 in all\); save or"


@pytest.mark.parametrize("number", [torch.float32, torch.bfloat16])
def test_weights_that_are_not_finite_are_refused(number: torch.dtype) -> None:
    model = random_model("llama").to(number)
    with torch.no_grad():
        model.model.layers[1].mlp.up_proj.weight[3, 4] = torch.nan
    with pytest.raises(PolicyError, match=NOT_FINITE):
        TransformersPolicy(model, toy_tokenizer(), name="m")


def test_a_model_that_overflows_float32_is_not_sent_to_float32() -> None:
    model = random_model("llama")
    with torch.no_grad():
        model.model.norm.weight.fill_(3e38)
    with pytest.raises(PolicyError, match="gives no finite numbers in float32; use another model"):
        TransformersPolicy(model, toy_tokenizer(), name="m")


def test_rotary_positions_that_change_for_the_whole_batch_count_up_to_there() -> None:
    factors = [1.0] * 4
    rotary = {"rope_type": "longrope", "short_factor": factors, "long_factor": [4.0] * 4, "rope_theta": 10000.0}
    model = random_model("phi3", rope_parameters=rotary, original_max_position_embeddings=24)
    assert context_length(model, toy_tokenizer()) == 24
    assert context_length(random_model("phi3"), toy_tokenizer()) == LENGTH
