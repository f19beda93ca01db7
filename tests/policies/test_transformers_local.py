"""Loading models, and refusing those that cannot be branched."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from toy import WORDS, toy_model, toy_policy, toy_tokenizer
from transformers import BloomConfig, BloomForCausalLM, MistralConfig, MistralForCausalLM

from treecore.errors import PolicyError
from treecore.policies import load_policy
from treecore.policies.transformers_local import TransformersPolicy

SIZES = {"vocab_size": len(WORDS), "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}


def test_a_saved_model_loads_and_describes_itself(tmp_path: Path) -> None:
    model = toy_model()
    model.save_pretrained(tmp_path)
    toy_tokenizer().save_pretrained(tmp_path)
    policy = load_policy(str(tmp_path), device="cpu")
    again = TransformersPolicy(model, toy_tokenizer(), name="same")
    assert policy.describe() == {**again.describe(), "model": str(tmp_path)}
    assert policy.describe()["dtype"] == "float32"
    assert policy.encode("a b") == [6, 7]
    with torch.no_grad():
        next(model.parameters()).add_(1)
    assert TransformersPolicy(model, toy_tokenizer(), name="same").describe() != again.describe()


def test_weights_that_are_not_safetensors_are_refused(tmp_path: Path) -> None:
    toy_model().config.save_pretrained(tmp_path)
    toy_tokenizer().save_pretrained(tmp_path)
    torch.save(toy_model().state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(PolicyError, match=r"could not be loaded.*safetensors"):
        load_policy(str(tmp_path))


@pytest.mark.parametrize("name", ["./nowhere", "/no/such/folder", "a/b/c"])
def test_a_folder_that_is_not_there(name: str) -> None:
    with pytest.raises(PolicyError, match="there is no such folder"):
        load_policy(name)


def test_a_hub_name_without_a_network_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treecore.policies.transformers_local.hub_answers", lambda: False)
    with pytest.raises(PolicyError, match=r"^model 'nobody/nothing' could not be loaded: .*cache") as caught:
        load_policy("nobody/nothing")
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_model_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(str(tmp_path))
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("device", "dtype"), [("cuda:99", None), ("nothing", None), ("cpu", "int3")])
def test_unknown_devices_and_dtypes(device: str, dtype: str | None) -> None:
    with pytest.raises(PolicyError):
        load_policy("tiny", device=device, dtype=dtype)


def test_sliding_windows_are_refused() -> None:
    config = MistralConfig(**SIZES, intermediate_size=48, num_key_value_heads=2, sliding_window=8)
    with pytest.raises(PolicyError, match=r"cannot be branched.*Sliding"):
        TransformersPolicy(MistralForCausalLM(config).eval(), toy_tokenizer(), name="m")


def test_attention_with_rules_of_its_own_is_refused() -> None:
    model = BloomForCausalLM(BloomConfig(vocab_size=len(WORDS), hidden_size=32, n_layer=2, n_head=4)).eval()
    with pytest.raises(PolicyError, match="cannot be branched"):
        TransformersPolicy(model, toy_tokenizer(), name="m")


def test_encoder_decoders_are_refused() -> None:
    model = toy_model()
    model.config.is_encoder_decoder = True
    with pytest.raises(PolicyError, match="encoder-decoder"):
        TransformersPolicy(model, toy_tokenizer(), name="m")


def test_prompts_that_leave_no_room_are_refused() -> None:
    session = toy_policy(length=16).session(temperature=1, top_p=1, stop=(), max_step_tokens=4)
    with pytest.raises(PolicyError, match="16 tokens, the model's context 16"):
        session.open("a " * 16)
    with pytest.raises(PolicyError, match="not empty"):
        session.open("")
