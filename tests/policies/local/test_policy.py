"""Loading models, and refusing those that cannot be branched."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from toy import deep_policy, toy_model, toy_tokenizer

from treecore.errors import PolicyError
from treecore.policies import load_policy
from treecore.policies.local import checkpoint
from treecore.policies.local import policy as transformers_local
from treecore.policies.local.policy import TransformersPolicy, pick_device, pick_dtype


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
    monkeypatch.setattr("treecore.policies.local.checkpoint.hub_answers", lambda: False)
    with pytest.raises(PolicyError, match=r"^model 'nobody/nothing' could not be loaded: .*cache") as caught:
        load_policy("nobody/nothing")
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_model_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(str(tmp_path))
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("device", "dtype", "said"),
    [
        ("cuda:99", None, "device 'cuda:99' is not usable here; use cpu, or leave it out"),
        ("nothing", None, "device 'nothing' is not usable here; use cpu, or leave it out"),
        ("meta", None, "device 'meta' is not usable here; use cpu, or leave it out"),
        ("cpu", "int3", "unknown dtype 'int3'; use one of float32, bfloat16, float16"),
    ],
)
def test_unknown_devices_and_dtypes(device: str, dtype: str | None, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy("tiny", device=device, dtype=dtype)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("kind", "lacking", "chosen"),
    [
        ("cpu", (), torch.float32),
        ("cuda", (), torch.bfloat16),
        ("cuda", (torch.bfloat16,), torch.float16),
        ("mps", (), torch.bfloat16),
        ("mps", (torch.bfloat16,), torch.float16),
        ("mps", (torch.bfloat16, torch.float16), torch.float32),
        ("xpu", (), torch.float32),
    ],
)
def test_the_dtype_of_a_device(
    kind: str, lacking: tuple[torch.dtype, ...], chosen: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transformers_local, "computes", lambda device, dtype: dtype not in lacking)
    assert pick_dtype(None, torch.device(kind)) == chosen
    assert pick_dtype("float32", torch.device(kind)) == torch.float32


@pytest.mark.parametrize("emulated", [True, False])
def test_cuda_is_asked_what_it_computes_in_itself(emulated: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device", lambda device: nullcontext())
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or not emulated
    )
    assert transformers_local.computes(torch.device("cuda", 0), torch.bfloat16) is not emulated


def test_a_number_format_that_a_device_refuses_is_not_computed_in() -> None:
    assert transformers_local.computes(torch.device("cpu"), torch.float16)
    assert not transformers_local.computes(torch.device("meta"), torch.float16)


@pytest.mark.parametrize(("cuda", "mps", "best"), [(1, 1, "cuda"), (0, 1, "mps"), (0, 0, "cpu")])
def test_the_best_device_present(cuda: int, mps: int, best: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: bool(cuda))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: bool(mps))
    assert pick_device(None).type == best


@pytest.mark.parametrize(("saved", "asked"), [(torch.float16, None), (torch.float32, "bfloat16")])
def test_the_saved_dtype_does_not_matter(saved: torch.dtype, asked: str | None, tmp_path: Path) -> None:
    toy_model().to(saved).save_pretrained(tmp_path)
    toy_tokenizer().save_pretrained(tmp_path)
    policy = load_policy(str(tmp_path), device="cpu", dtype=asked)
    assert policy.describe()["dtype"] == (asked or "float32")


def test_a_float32_model_is_loaded_in_what_its_device_computes_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy_model().save_pretrained(tmp_path)
    toy_tokenizer().save_pretrained(tmp_path)
    monkeypatch.setitem(transformers_local.DEFAULT_DTYPES, "cpu", (torch.bfloat16,))
    assert load_policy(str(tmp_path), device="cpu").describe()["dtype"] == "bfloat16"


def test_a_model_that_does_not_fit_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **kwargs: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB.\nMore lines.")

    monkeypatch.setattr(checkpoint.AutoModelForCausalLM, "from_pretrained", full)
    with pytest.raises(
        PolicyError, match=r"^model 'tiny' does not fit into the memory of cpu; use a smaller"
    ) as caught:
        load_policy("tiny", device="cpu")
    assert "\n" not in str(caught.value)


def test_prompts_that_leave_no_room_are_refused() -> None:
    session = deep_policy(length=16).session(temperature=1, top_p=1, stop=(), max_step_tokens=4)
    with pytest.raises(PolicyError, match="16 tokens, the model's context 16"):
        session.open("a " * 16)
    with pytest.raises(PolicyError, match="not empty"):
        session.open("")


def test_reading_again_asks_for_the_logits_that_it_measures() -> None:
    policy, sizes = deep_policy(length=16), list[int]()
    policy.model.lm_head.register_forward_hook(lambda module, given, logits: sizes.append(logits.shape[1]))
    entropy, confidence = policy.measure("a b c", [1, 2, 1, 2])
    assert sizes == [4]
    hides = policy.model.forward
    policy.model.forward = lambda input_ids, use_cache: hides(input_ids=input_ids, use_cache=use_cache)
    assert policy.measure("a b c", [1, 2, 1, 2]) == [
        pytest.approx(entropy, abs=2e-6),
        pytest.approx(confidence, abs=2e-6),
    ]
    assert sizes == [4, 7]


def test_reading_again_ends_with_the_context() -> None:
    policy = deep_policy(length=16)
    assert [len(numbers) for numbers in policy.measure("a " * 14, [1, 2, 1, 2])] == [2, 2]
    assert policy.measure("a " * 16, [1, 2]) == policy.measure("a " * 20, [1, 2]) == [[], []]
