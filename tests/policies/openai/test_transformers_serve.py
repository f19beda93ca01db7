"""The whole way through `transformers serve`, started here with the bundled model and a random one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from openai_stub import LetterTask
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from treecore import tiny
from treecore.cli import main
from treecore.core.columns import Status
from treecore.errors import PolicyError
from treecore.formats import read
from treecore.policies import load_policy
from treecore.rollouts import rollout

NEEDED = ("openai", "fastapi", "uvicorn", "accelerate")
MISSING = [name for name in NEEDED if find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"transformers serve needs {', '.join(MISSING)}")
MAX_START = 120.0
LETTERS = "Ġabcdef?!12345:"
"""Spelt as a byte-level tokenizer spells them."""


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that loads any model it is asked for; it is ready when it says so."""
    home = tmp_path_factory.mktemp("home")
    (home / "hub").mkdir()
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(home), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", "--device", "cpu"]
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", "0"],
        env={**os.environ, **offline},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        guard = threading.Timer(MAX_START, process.kill)
        guard.start()
        try:
            said: list[str] = []
            for line in process.stderr:
                said.append(line)
                if found := re.search(r"running on (http://[\d.:]+)", line):
                    break
            else:
                pytest.fail("transformers serve did not start:\n" + "".join(said[-20:]))
            guard.cancel()
            rest = threading.Thread(target=deque, args=(process.stderr, 0))
            rest.start()
            yield found[1]
        finally:
            guard.cancel()
            process.kill()
        rest.join()


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model that writes one letter a token."""
    folder = tmp_path_factory.mktemp("letters")
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(LETTERS),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=512,
        bos_token_id=None,
        eos_token_id=None,
        initializer_range=0.02,
    )
    model = LlamaForCausalLM(config)
    model.generation_config.update(do_sample=True, top_k=0)
    model.save_pretrained(folder)
    backend = Tokenizer(BPE(vocab={letter: place for place, letter in enumerate(LETTERS)}, merges=[]))
    backend.pre_tokenizer = ByteLevel(add_prefix_space=False)
    backend.decoder = ByteDecoder()
    PreTrainedTokenizerFast(tokenizer_object=backend).save_pretrained(folder)
    return folder


def test_a_rollout_with_outcomes(url: str, tmp_path: Path) -> None:
    out = tmp_path / "run.forest.jsonl"
    result = CliRunner().invoke(
        main,
        [
            "rollout",
            "--server",
            url,
            "--model",
            str(tiny.path()),
            "--sampler",
            "random_expansion",
            "--set",
            "m=2",
            "--set",
            "n=2",
            "--set",
            "l=1",
            "--prompts",
            "2",
            "--seed",
            "1",
            "--concurrency",
            "1",
            "-o",
            str(out),
            "--json",
        ],
    )
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    assert (summary["forests"], summary["trajectories"]) == (2, 12)
    assert summary["tokens_generated"] > 0
    forests = read(out)
    for forest in forests:
        assert {int(forest.status[leaf]) for leaf in forest.leaves} <= {Status.TERMINATED, Status.TRUNCATED}
        assert set(forest.reward[forest.leaves]) <= {0.0, 1.0}
        assert forest.policy["endpoint"] == "completions"
        inner = {int(row) for row in forest.parent if row >= 0 and forest.parent[row] >= 0}
        assert inner
        assert all(forest.text[row].endswith(("</search>", "</answer>")) for row in inner)
        assert getattr(forest.tokens, "logprob", None) is None
    assert np.mean([forest.reward[leaf] for forest in forests for leaf in forest.leaves]) > 0


def test_the_likeliest_text_is_that_of_the_same_model_here(url: str) -> None:
    law = {"sampler": "chains", "prompts": 4, "seed": 2, "temperature": 0.0, "m": 1}
    there = rollout(model=load_policy(str(tiny.path()), server=url), **law)
    here = rollout(model=load_policy("tiny", device="cpu"), **law)
    assert [forest.text for forest in there] == [forest.text for forest in here]
    assert [forest.observation for forest in there] == [forest.observation for forest in here]
    assert [list(forest.reward[forest.leaves]) for forest in there] == [
        list(forest.reward[forest.leaves]) for forest in here
    ]


def test_stop_strings_that_the_server_knows(url: str, letters: Path) -> None:
    task = LetterTask()
    task.max_step_tokens = 60
    policy = load_policy(str(letters), server=url, concurrency=2)
    described = policy.describe()
    assert described["options"] == ["stop"]
    assert {"stop", "seed"} <= set(described["sent"])
    forest = rollout(task=task, model=policy, sampler="chains", prompts=1, seed=0)[0]
    steps = [text for text in forest.text if text]
    stopped = [text for text in steps if text.endswith(task.stop)]
    assert stopped
    assert not any(one in text[:-1] for text in stopped for one in task.stop)
    assert len({*steps}) > 1


def test_a_model_that_is_not_there(url: str) -> None:
    fails = r"fails on a short request to model '/no/such/model': .* 500: .*; .* check --model"
    lists = r"does not serve model '/no/such/model': .* 500: .*; it offers .*"
    with pytest.raises(PolicyError, match=f"{fails}|{lists}") as caught:
        load_policy("/no/such/model", server=url, timeout=60)
    assert "\n" not in str(caught.value)
