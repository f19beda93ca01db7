from __future__ import annotations

import re
import subprocess
import sys

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from treecore import tiny
from treecore.tasks import get_task
from treecore.tiny.evaluate import measure, sample
from treecore.tiny.vocabulary import build_tokenizer

STEP = {
    "multihop": r"<think> .* </think> (<search> .* </search>|<answer> .* </answer>)",
    "countdown": r"(?s)(\d+ [-+*/] \d+ = \d+ .*\n|aim .*\n|start over \n|<answer> \d+ </answer>)",
}


@pytest.fixture(scope="module")
def model() -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(tiny.path())


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return AutoTokenizer.from_pretrained(tiny.path())


def test_weights_are_small_and_complete() -> None:
    files = {file.name: file.stat().st_size for file in tiny.path().iterdir()}
    needed = {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert needed == set(files)
    assert sum(files.values()) <= 8_000_000


def test_committed_tokenizer_is_the_one_the_code_builds(tokenizer: PreTrainedTokenizerFast) -> None:
    assert tokenizer.get_vocab() == build_tokenizer().get_vocab()
    text = "<think> find the boss of paul </think> <search> paul boss </search>"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


@pytest.mark.parametrize("name", sorted(STEP))
def test_sampled_steps_are_well_formed_and_differ(
    name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    task = get_task(name)
    prompts = [prompt for prompt in task.prompts(8, seed=0) for _ in range(4)]
    steps = [step.text for one in sample(model, tokenizer, task, prompts, seed=0) for step in one.steps]
    well_formed = sum(re.fullmatch(STEP[name], step) is not None for step in steps)
    assert well_formed > 0.9 * len(steps)
    assert len(set(steps)) > len(prompts)


@pytest.mark.parametrize("name", sorted(STEP))
def test_some_trajectories_are_right_and_some_are_wrong(
    name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    report = measure(model, tokenizer, get_task(name), prompts=16, samples=4, seed=1)
    assert 0.2 < report.pass_rate < 0.95
    assert report.mixed_share > 0.5
    assert report.distinct_share > 0.5


def test_finding_the_weights_imports_no_model_library() -> None:
    code = "import sys, treecore.tiny; treecore.tiny.path(); assert not {'torch', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
