"""Small models run as packed copies: the same texts, the weights of the moment, and only where a copy is the same."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from toy import MODELS, ToyTask, deep_policy, toy_model, toy_tokenizer
from transformers import MistralConfig, MistralForCausalLM

from treecore.policies.local.onednn_model import PackedLinear, packed_copy
from treecore.policies.local.policy import TransformersPolicy
from treecore.rollouts import rollout


def written(policy: TransformersPolicy) -> list[Any]:
    settings = {"m": 3, "n": 2, "l": 2}
    forests = rollout(task=ToyTask(), model=policy, sampler="random_expansion", prompts=4, seed=5, **settings)
    return [(list(forest.text), forest.parent.tolist(), forest.tokens and forest.tokens.logprob) for forest in forests]


def assert_alike(one: TransformersPolicy, other: TransformersPolicy) -> None:
    for got, expected in zip(written(one), written(other), strict=True):
        assert got[:2] == expected[:2]
        torch.testing.assert_close(torch.tensor(got[2]), torch.tensor(expected[2]), atol=2e-5, rtol=0, equal_nan=True)


@pytest.mark.parametrize("kind", MODELS)
def test_it_writes_what_the_model_writes(kind: str) -> None:
    packed, plain = deep_policy(kind), deep_policy(kind)
    assert packed.packed
    assert packed.runner().model is not packed.model
    plain.packed = False
    assert plain.runner().model is plain.model
    assert_alike(packed, plain)


def test_the_model_itself_stays_as_it_is() -> None:
    model = toy_model()
    kinds, attention = [type(one) for one in model.modules()], model.config._attn_implementation
    copy = packed_copy(model)
    assert [type(one) for one in model.modules()] == kinds
    assert model.config._attn_implementation == attention != copy.config._attn_implementation
    assert not any(type(one) is nn.Linear for one in copy.modules())
    assert any(isinstance(one, PackedLinear) for one in copy.modules())
    assert copy.get_input_embeddings().weight is model.get_input_embeddings().weight


def test_a_session_has_the_weights_of_its_beginning() -> None:
    policy, trained = deep_policy(), toy_model()
    with torch.no_grad():
        for model in (policy.model, trained):
            generator = torch.Generator().manual_seed(3)
            for weight in model.parameters():
                weight.add_(0.1 * torch.randn(weight.shape, generator=generator))
    assert_alike(policy, TransformersPolicy(trained, toy_tokenizer(), name="trained", max_sequences=8))


def test_a_model_with_hooks_is_run_itself() -> None:
    policy, seen = deep_policy(), []
    handle = policy.model.lm_head.register_forward_hook(lambda *call: seen.append(1))
    assert policy.runner().model is policy.model
    written(policy)
    assert seen
    handle.remove()
    assert policy.runner().model is not policy.model


@pytest.mark.parametrize("change", ["window", "eager", "bfloat16"])
def test_other_models_are_run_themselves(change: str) -> None:
    model = toy_model()
    if change == "window":
        same = {name: getattr(model.config, name) for name in ("vocab_size", "hidden_size", "intermediate_size")}
        layers = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 4}
        model = MistralForCausalLM(MistralConfig(**same, **layers, sliding_window=4, eos_token_id=0)).eval()
    elif change == "eager":
        model.set_attn_implementation("eager")
    else:
        model = model.bfloat16()
    assert not TransformersPolicy(model, toy_tokenizer(), name=change, max_sequences=8).packed
