"""Runs spread over a Ray of two workers on this computer: the same forests as here, whatever happens to a worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from recomputed import assert_same_samples
from toy import ToyTask, toy_policy

import treecore as tc
from treecore.core.forest import Forest
from treecore.errors import MethodError, PolicyError, TaskError, TreecoreError
from treecore.policies import LoadOptions
from treecore.protocols import Message
from treecore.rollouts import Progress, rollout, rollout_to_file
from treecore.rollouts.config import RolloutConfig
from treecore.rollouts.ray import cluster as ray_cluster
from treecore.rollouts.ray.cluster import Size, cluster, size_of
from treecore.rollouts.ray.engine import batch_size
from treecore.rollouts.ray.worker import Worker, WorkerSetup
from treecore.tasks import get_task

pytestmark = [
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install -e '.[ray]'"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray leaves pipes and processes to the collector
]
RUN: dict[str, Any] = {"sampler": "random_expansion", "m": 1, "n": 1, "l": 1, "seed": 3, "device": "cpu"}
FAR: dict[str, Any] = {**RUN, "engine": "ray", "workers": 2}


@pytest.fixture(scope="module")
def two_workers() -> Iterator[None]:
    """A Ray that all tests use."""
    before = dict(os.environ)
    with cluster(RolloutConfig(engine="ray", workers=2)):
        yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def here() -> list[Forest]:
    """What one process gives."""
    return rollout(prompts=24, **RUN)


def test_the_same_as_here_though_a_worker_is_killed(
    two_workers: None, here: list[Forest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "run.forest.jsonl", list[Progress]()
    hired, killed = list[Any](), list[int]()

    def hire(kind: type, *, gpus: int) -> Any:
        hired.append(ray_cluster.hire(kind, gpus=gpus))
        return hired[-1]

    def watch(progress: Progress) -> None:
        seen.append(progress)
        if progress.forests and not killed:
            killed.append(ray_cluster.answer(hired[0].__ray_call__.remote(lambda worker: os.getpid())))
            os.kill(killed[0], signal.SIGKILL)

    monkeypatch.setattr("treecore.rollouts.ray.engine.hire", hire)
    monkeypatch.setattr("treecore.rollouts.ray.engine.batch_size", lambda waiting, workers: max(1, waiting - 2))
    summary = rollout_to_file(path, prompts=24, on_progress=watch, **FAR)
    assert killed
    assert len(hired) >= 2
    assert summary.forests == 24
    assert_same_samples(tc.read(path), here)
    assert [progress.forests for progress in seen] == sorted(progress.forests for progress in seen)
    assert (seen[-1].done, seen[-1].total, seen[-1].forests) == (48, 48, 24)
    assert seen[-1].tokens == sum(int(forest.n_model_tokens.sum()) for forest in here)
    assert seen[-1].snapshot() == []


def test_a_stopped_run_goes_on(two_workers: None, here: list[Forest], tmp_path: Path) -> None:
    path, finished = tmp_path / "run.forest.jsonl", list[int]()
    part = rollout_to_file(
        path,
        prompts=24,
        on_progress=lambda progress: finished.append(progress.forests),
        should_stop=lambda: bool(finished and finished[-1]),
        **{**FAR, "workers": 1},
    )
    assert 1 <= part.forests < 24
    assert rollout_to_file(path, prompts=24, resume=True, **{**FAR, "workers": 1}).forests == 24
    assert_same_samples(tc.read(path), here)
    assert rollout_to_file(path, prompts=24, resume=True, **RUN).tokens_per_second == 0


def test_the_command_joins_a_cluster(two_workers: None, tmp_path: Path) -> None:
    import ray

    (tmp_path / "quiz.jsonl").write_text('{"prompt": "make 25 from 3 7 4", "answer": 25}\n')
    words = "--task quiz.jsonl --verifier number --steps tokens:4 --sampler chains --set m=2 --engine ray --ray-address"
    address = ray.get_runtime_context().gcs_address
    program = [sys.executable, "-W", "error", "-c", "from treecore.cli import main; main()", "rollout"]
    subprocess.run(
        [*program, *words.split(), address, "-o", "run.forest.jsonl"],
        cwd=tmp_path,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    options = {"verifier": "number", "steps": "tokens:4"}
    task = str(tmp_path / "quiz.jsonl")
    assert_same_samples(
        tc.read(tmp_path / "run.forest.jsonl"), rollout(task=task, task_options=options, sampler="chains", m=2)
    )


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"task": ToyTask()}, TaskError, "a task that is an object cannot be sent to other machines; give it by name"),
        ({"model": "./none"}, PolicyError, "no such folder"),
        ({"device": "cuda:1"}, PolicyError, "Ray, which chooses the GPU itself"),
        ({"device": "cuda"}, PolicyError, "2 workers need a GPU each, the Ray cluster has 0"),
        ({"workers": 4096}, PolicyError, r"4,096 workers need a CPU each, the Ray cluster has \d"),
        ({"m": 0}, MethodError, "m='0'"),
    ],
)
def test_what_does_not_fit(two_workers: None, given: dict[str, Any], kind: type[TreecoreError], said: str) -> None:
    with pytest.raises(kind, match=said):
        rollout(**{**FAR, **given})


def test_a_model_that_is_loaded_here() -> None:
    with pytest.raises(PolicyError, match="cannot be sent to other machines"):
        rollout(task="multihop", model=toy_policy(), engine="ray")


def test_as_many_workers_as_there_are_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    def has(**resources: float) -> None:
        monkeypatch.setattr("ray.cluster_resources", lambda: resources)

    nodes = {"node:10.0.0.1": 1.0, "node:10.0.0.2": 1.0, "node:__internal_head__": 1.0}
    has(CPU=64.0, GPU=8.0, **nodes)
    assert size_of(RolloutConfig(engine="ray")) == Size(8, "cuda", 1)
    assert size_of(RolloutConfig(engine="ray", workers=3)) == Size(3, "cuda", 1)
    assert size_of(RolloutConfig(engine="ray", load=LoadOptions(device="cpu"))) == Size(2, "cpu", 0)
    has(CPU=64.0, **nodes)
    assert size_of(RolloutConfig(engine="ray")) == Size(2, None, 0)


def test_a_worker_by_itself(here: list[Forest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {"m": 1, "n": 1, "l": 1}
    config = RolloutConfig(
        task="multihop", sampler="random_expansion", sampler_settings=settings, seed=3, load=LoadOptions(device="cpu")
    )
    prompts = get_task("multihop").prompts(24, seed=3)
    worker = Worker()
    assert worker.load(WorkerSetup(config, str(tmp_path)), prompts[0])["model"] == "tiny"
    found: dict[str, Forest] = {}
    for part in (prompts[:9], prompts[9:]):
        report = worker.begin(part)
        while not report.idle:
            report = worker.report(60.0)
            found |= {forest.id: forest for line in report.lines for forest in tc.read(line)}
        assert (report.done, report.total) == (2 * len(part), 2 * len(part))
    assert_same_samples([found[prompt.id] for prompt in prompts], here)
    with pytest.raises(PolicyError, match="no chat template"):
        worker.begin([replace(prompts[0], text="", messages=(Message("user", "?"),))])


def test_batches_shrink_to_the_end() -> None:
    left, given = 100, []
    while left:
        given.append(batch_size(left, workers=2))
        left -= given[-1]
    assert given[:3] == [38, 24, 15]
    assert given[-1] == 1
    assert given == sorted(given, reverse=True)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import treecore.rollouts.engine, treecore.cli.rollout, treecore.rollouts.ray.engine", "False"),
        (
            "sys.modules['ray'] = None\nimport treecore.rollouts as s\ntry: s.rollout(engine='ray')\n"
            "except Exception as error: print(type(error).__name__, error)",
            "PolicyError Ray is not installed; install it with: pip install -e '.[ray]'",
        ),
    ],
)
def test_ray_is_imported_when_it_is_asked_for(code: str, said: str) -> None:
    words = [sys.executable, "-c", f"import sys\n{code}\nprint(bool(sys.modules.get('ray')))"]
    assert said in subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", "ray://127.0.0.1:1"])
def test_a_cluster_that_is_not_there(address: str) -> None:
    with pytest.raises(PolicyError, match=r"no Ray cluster can be reached \(.*\); give auto, or host:port"):
        ray_cluster.require_reachable(address)
