"""Runs into a file: whole lines only, and a broken run goes on as if nothing had happened."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy import ToyTask, toy_policy

import treecore as tc
from treecore.errors import FormatError, MethodError, PolicyError
from treecore.rollouts import rollout, rollout_to_file

POLICY = toy_policy()
RUN: dict[str, Any] = {"task": ToyTask(), "model": POLICY, "prompts": 5, "m": 2, "n": 2, "seed": 3}


def test_the_file_holds_what_rollout_gives(tmp_path: Path) -> None:
    path = tmp_path / "run.forest.jsonl"
    summary = rollout_to_file(path, **RUN)
    forests = {forest.id: forest for forest in tc.read(path)}
    expected = rollout(**RUN)
    assert {forest.id: forest.digest for forest in expected} == {name: one.digest for name, one in forests.items()}
    assert (summary.forests, summary.trajectories) == (5, 30)
    assert summary.tokens_generated == sum(int(forest.n_model_tokens.sum()) for forest in expected)
    assert summary.tokens_per_second > 0
    assert path.read_bytes().count(b"\n") == 5
    assert [forest.id for forest in tc.read(path)] == [forest.id for forest in expected]


def test_a_finished_file_is_in_the_order_of_the_prompts(tmp_path: Path) -> None:
    path = tmp_path / "run.forest.jsonl"
    narrow = {**RUN, "model": toy_policy(max_sequences=4), "prompts": 8}
    rollout_to_file(path, **narrow)
    names = [f"toy-{number}" for number in range(8)]
    assert [forest.id for forest in tc.read(path)] == names
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[6], lines[2], lines[7]]))
    rollout_to_file(path, resume=True, **narrow)
    assert [forest.id for forest in tc.read(path)] == names
    assert [path.read_bytes().splitlines(keepends=True)[number] for number in (2, 6, 7)] == [
        lines[number] for number in (2, 6, 7)
    ]


@pytest.mark.parametrize("cut", ["between lines", "inside a line", "inside the first line", "one byte short"])
def test_a_broken_run_goes_on(tmp_path: Path, cut: str) -> None:
    path = tmp_path / "run.forest.jsonl"
    whole = rollout_to_file(path, **RUN)
    before = {forest.id: forest for forest in tc.read(path)}
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    at = {
        "between lines": len(b"".join(lines[:2])),
        "inside a line": len(b"".join(lines[:2])) + len(lines[2]) // 2,
        "inside the first line": 40,
        "one byte short": len(data) - 1,
    }[cut]
    path.write_bytes(data[:at])
    summary = rollout_to_file(path, resume=True, **RUN)
    after = {forest.id: forest for forest in tc.read(path)}
    assert path.read_bytes().startswith(data[: data.rfind(b"\n", 0, at) + 1])
    assert after.keys() == before.keys()
    for name, forest in after.items():
        assert forest.text == before[name].text
        assert forest.parent.tolist() == before[name].parent.tolist()
        np.testing.assert_allclose(forest.tokens.logprob, before[name].tokens.logprob, atol=1e-4)
    for count in ("forests", "trajectories", "distinct_trajectories", "tokens_generated", "tokens_computed"):
        assert getattr(summary, count) == getattr(whole, count)
    assert summary.mean_reward == pytest.approx(whole.mean_reward)


def test_a_stopped_run_goes_on_and_a_finished_one_has_nothing_to_do(tmp_path: Path) -> None:
    path = tmp_path / "run.forest.jsonl"
    seen = 0

    def watch(progress: tc.sampling.Progress) -> None:
        nonlocal seen
        seen = progress.forests

    narrow = {**RUN, "model": toy_policy(max_sequences=2)}
    part = rollout_to_file(path, on_progress=watch, should_stop=lambda: seen >= 1, **narrow)
    assert 1 <= part.forests < 5
    assert rollout_to_file(path, resume=True, **narrow).forests == 5
    data = path.read_bytes()
    again = rollout_to_file(path, resume=True, **narrow)
    assert (again.forests, again.tokens_per_second) == (5, 0.0)
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"seed": 4}, "seed=3, not 4"),
        ({"n": 1}, "n=2, not 1"),
        ({"temperature": 0.5}, "temperature=1.0, not 0.5"),
        ({"sampler": "chains", "n": None}, "name='random_expansion', not 'chains'"),
        ({"model": toy_policy("gpt2")}, "model='llama', not 'gpt2'"),
    ],
)
def test_other_settings_are_refused_and_the_file_stays(tmp_path: Path, other: dict[str, Any], said: str) -> None:
    path = tmp_path / "run.forest.jsonl"
    rollout_to_file(path, **RUN)
    path.write_bytes(path.read_bytes()[:-30])
    data = path.read_bytes()
    settings = {name: value for name, value in {**RUN, **other}.items() if value is not None}
    with pytest.raises(MethodError, match=said):
        rollout_to_file(path, resume=True, **settings)
    assert path.read_bytes() == data


def test_places_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FormatError, match="no such folder"):
        rollout_to_file(tmp_path / "no" / "run.forest.jsonl", **RUN)
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "nowhere" / "run.jsonl")
    with pytest.raises(FormatError, match="nowhere: there is no such folder"):
        rollout_to_file(tmp_path / "link.jsonl", **RUN)
    with pytest.raises(FormatError, match="compressed"):
        rollout_to_file(tmp_path / "run.forest.jsonl.gz", **RUN)
    with pytest.raises(FormatError, match="no such folder"):
        rollout_to_file(tmp_path / "no" / "run.forest.jsonl", model="./no_model")
    with monkeypatch.context() as patch:
        patch.setattr("treecore.rollouts.output.to_file.TRAJECTORY_BYTES", 1 << 60)
        with pytest.raises(FormatError, match="nearly full"):
            rollout_to_file(tmp_path / "run.forest.jsonl", model="./no_model")
    with pytest.raises(PolicyError, match="no such folder"):
        rollout_to_file(tmp_path / "run.forest.jsonl", model="./no_model")
    assert not (tmp_path / "run.forest.jsonl").exists()
    for name in ("x", "x.txt", "x.json", "x.forest.json"):
        with pytest.raises(FormatError, match=r"line by line; name it \.forest\.jsonl"):
            rollout_to_file(tmp_path / name, model="./no_model")
    broken = tmp_path / "broken.forest.jsonl"
    broken.write_text("not json\n")
    for choice in ({"resume": True}, {"overwrite": True}, {}):
        with pytest.raises(FormatError, match="holds no forests"):
            rollout_to_file(broken, **choice, **RUN)
    assert broken.read_text() == "not json\n"


def test_a_disk_that_runs_full_keeps_finished_forests(tmp_path: Path) -> None:
    path = tmp_path / "run.forest.jsonl"
    rollout_to_file(path, **RUN)
    whole = path.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) * 3 // 5, before[1]))
    try:
        with pytest.raises(FormatError, match=r"largest size .*; [234] finished forests are kept; .* --resume") as full:
            rollout_to_file(path, overwrite=True, **RUN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes().endswith(b"\n")
    assert f" {len(tc.read(path))} finished" in str(full.value)
    assert rollout_to_file(path, resume=True, **RUN).forests == 5
    assert [forest.id for forest in tc.read(path)] == [f"toy-{number}" for number in range(5)]


def test_a_file_that_is_removed_while_its_run_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "run.forest.jsonl"

    def remove(progress: tc.sampling.Progress) -> None:
        if progress.forests == 3 and not caplog.messages:
            path.unlink(missing_ok=True)

    run = {**RUN, "model": toy_policy(max_sequences=4)}
    summary = rollout_to_file(path, on_progress=remove, **run)
    assert summary.forests == len(tc.read(path)) == 5
    assert "run.forest.jsonl was removed while it was written; its" in caplog.text
    assert {one.digest for one in tc.read(path)} == {one.digest for one in rollout(**run)}
