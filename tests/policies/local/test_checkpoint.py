"""Folders of models: what is broken or not whole is refused in one line, and weights keep their digest."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from toy import toy_model, toy_tokenizer
from transformers import BertConfig, BertForMaskedLM, GPT2Config, GPT2LMHeadModel

from treecore.errors import PolicyError
from treecore.policies import load_policy
from treecore.policies.local.checkpoint import reason
from treecore.policies.local.digest import weight_files

Edit = Callable[[Path], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    toy_model().save_pretrained(tmp_path)
    toy_tokenizer().save_pretrained(tmp_path)
    return tmp_path


def configured(**fields: Any) -> Edit:
    def edit(folder: Path) -> None:
        file = folder / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))

    return edit


def without(*names: str) -> Edit:
    return lambda folder: [(folder / name).unlink() for name in names]


def holding(name: str, content: str) -> Edit:
    return lambda folder: (folder / name).write_text(content)


def halved(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def rows(number: int) -> Edit:
    def edit(folder: Path) -> None:
        model = toy_model()
        model.resize_token_embeddings(number)
        model.save_pretrained(folder)

    return edit


LAYER = "model.layers.2."
BROKEN: dict[str, tuple[Edit, str]] = {
    "more layers": (
        configured(num_hidden_layers=4),
        rf"18 weights \({LAYER}input_layernorm.weight, .*, …\) are missing that its config.json asks for; .*",
    ),
    "other sizes": (
        configured(vocab_size=20),
        r"2 of its weights have other sizes than its config.json says: lm_head.weight is 12 x 32, not 20 x 32; use .*",
    ),
    "fewer rows than ids": (
        rows(10),
        "its tokenizer gives ids up to 11, but the model has embeddings for 10 only, 0 to 9; use the tokenizer that .*",
    ),
    "no number": (
        configured(hidden_size="x"),
        r"its config.json cannot be read \(Field 'hidden_size' expected int, got str \(value: 'x'\)\); .*",
    ),
    "a list": (holding("config.json", "[1]"), "its config.json holds a list, not an object; .*"),
    "no JSON": (holding("config.json", "{"), r"its config.json cannot be read \(.*\); save or download .*"),
    "no type": (holding("config.json", "{}"), "its config.json names no model_type; give a folder as .*"),
    "unknown type": (configured(model_type="foo"), "its model_type 'foo' is none that the .* knows; upgrade .*"),
    "another type": (holding("config.json", '{"model_type": "vit"}'), "it is of no kind that writes text; .*"),
    "no config": (without("config.json"), "the folder holds no config.json; give a folder as save_pretrained .*"),
    "an adapter": (
        lambda folder: (folder / "config.json").rename(folder / "adapter_config.json"),
        "the folder holds an adapter alone; merge it .*",
    ),
    "no tokenizer": (
        without("tokenizer.json", "tokenizer_config.json"),
        "it has no tokenizer that can be read: there is no tokenizer.json, .*; save .*",
    ),
    "a bad tokenizer": (holding("tokenizer.json", "{}"), r"its tokenizer cannot be read \(KeyError: .*\); save .*"),
    "no weights": (without("model.safetensors"), "the folder holds no safetensors, and other weights are not read; .*"),
    "half the weights": (halved, r"its weights cannot be read \(.*not fully covered\); save or download .*"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_said_in_one_line(name: str, folder: Path) -> None:
    edit, said = BROKEN[name]
    edit(folder)
    with pytest.raises(PolicyError, match=rf"^model '{folder}' could not be loaded: {said}$") as caught:
        load_policy(str(folder), device="cpu")
    assert "\n" not in str(caught.value)


def test_rows_without_ids_and_added_tokens_without_rows_are_no_fault(folder: Path) -> None:
    rows(16)(folder)
    assert load_policy(str(folder), device="cpu").encode("f") == [11]
    rows(12)(folder)
    tokenizer = toy_tokenizer()
    tokenizer.add_tokens(["<image>"], special_tokens=True)
    assert tokenizer.encode("<image>") == [12]
    tokenizer.save_pretrained(folder)
    assert load_policy(str(folder), device="cpu").encode("f") == [11]


@pytest.mark.parametrize(("model", "said"), [("", "the model's name is empty; give 'tiny', "), (" ", "name is empty")])
def test_no_name(model: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        load_policy(model)


def test_a_file_is_no_folder(folder: Path) -> None:
    with pytest.raises(PolicyError, match=r"config\.json: this is a file, not a model's folder; give the folder"):
        load_policy(str(folder / "config.json"))


def test_an_error_of_headings_alone_is_named() -> None:
    assert reason("weights", RuntimeError("one of:\n")) == "its weights cannot be read (RuntimeError)"


def test_saved_layers_that_are_not_asked_for_are_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "treecore"):
        whole = load_policy(str(folder), device="cpu")
        assert caplog.messages == []
        configured(num_hidden_layers=1)(folder)
        half = load_policy(str(folder), device="cpu")
    (said,) = caplog.messages
    assert said.startswith(f"model '{folder}': 9 weights (model.layers.1.input_layernorm.weight, ")
    assert said.endswith(", …) are saved that its config.json does not ask for; they are left out")
    assert whole.describe()["weights"] != half.describe()["weights"]


def test_a_model_that_fills_gaps_is_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    BertForMaskedLM(BertConfig(vocab_size=12, max_position_embeddings=96, **sizes)).save_pretrained(tmp_path)
    toy_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(PolicyError, match="it was saved as BertForMaskedLM, which writes no text; use a decoder-only"):
        load_policy(str(tmp_path), device="cpu")
    configured(architectures=None)(tmp_path)
    with pytest.raises(PolicyError, match="its attention looks in both directions"):
        load_policy(str(tmp_path), device="cpu")


def saved(folder: Path, *, dtype: torch.dtype = torch.float32, shards: str = "1GB", tied: bool = False) -> Path:
    toy_model(tie_word_embeddings=tied).to(dtype).save_pretrained(folder, max_shard_size=shards)
    toy_tokenizer().save_pretrained(folder)
    return folder


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("number", [torch.float32, torch.bfloat16])
def test_the_digest_is_of_the_weights_as_saved(tmp_path: Path, number: torch.dtype, tied: bool) -> None:
    whole = saved(tmp_path / "whole", dtype=number, tied=tied)
    parts = saved(tmp_path / "parts", dtype=number, tied=tied, shards="10KB")
    assert len(weight_files(str(parts))) > 1
    found = {
        load_policy(str(folder), device="cpu", dtype=dtype).describe()["weights"]
        for folder in (whole, parts)
        for dtype in ("float32", "bfloat16", "float16")
    }
    loaded = load_policy(str(whole), device="cpu", dtype=str(number).removeprefix("torch."))
    loaded._digest = None
    assert found == {loaded.weights_digest}


def test_another_weight_is_another_digest(tmp_path: Path) -> None:
    before = load_policy(str(saved(tmp_path / "one")), device="cpu").weights_digest
    model = toy_model()
    with torch.no_grad():
        model.model.norm.weight[3] += 1e-7
    model.save_pretrained(tmp_path / "one")
    assert load_policy(str(tmp_path / "one"), device="cpu").weights_digest != before


def test_an_adapter_beside_the_weights_has_no_digest_of_files(folder: Path) -> None:
    assert weight_files(str(folder)) == [folder / "model.safetensors"]
    (folder / "adapter_config.json").write_text("{}")
    assert weight_files(str(folder)) == []
    assert weight_files("nobody/nothing") == []


def test_a_long_prompt_is_refused_without_a_word_of_the_library(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    GPT2LMHeadModel(
        GPT2Config(vocab_size=12, n_embd=32, n_layer=1, n_head=4, n_positions=16, bos_token_id=None, eos_token_id=0)
    ).save_pretrained(tmp_path)
    tokenizer = toy_tokenizer()
    tokenizer.model_max_length = 24
    tokenizer.save_pretrained(tmp_path)
    policy = load_policy(str(tmp_path), device="cpu")
    capfd.readouterr()
    session = policy.session(temperature=1, top_p=1, stop=(), max_step_tokens=4)
    with pytest.raises(PolicyError, match="the prompt has 40 tokens, the model's context 16"):
        session.open("a " * 40)
    assert len(policy.encode("a " * 40)) == 40
    assert capfd.readouterr().err == ""
    assert caplog.messages == []
