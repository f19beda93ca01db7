"""What a file holds already: kept, refused or replaced, and never lost before something new is there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import ToyTask, toy_policy

import treecore as tc
from treecore.bundled import samples
from treecore.errors import FormatError, MethodError, TaskError
from treecore.formats.native_write import encode
from treecore.formats.torn import is_beginning
from treecore.protocols import Prompt
from treecore.rollouts import rollout, rollout_to_file
from treecore.rollouts.output.jsonl_file import is_json
from treecore.rollouts.rollout_scheduler import RolloutScheduler

POLICY = toy_policy()
RUN: dict[str, Any] = {"task": ToyTask(), "model": POLICY, "prompts": 5, "m": 2, "n": 1, "seed": 3}
FORESTS = [*rollout(**RUN), tc.read(str(samples()["by_hand"].path))[0]]
MINIMAL = b'{"format": "treecore/1", "nodes": [{"id": 0, "parent": null}, {"id": 1, "parent": 0, "text": "3*4=12"}]}'


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What a finished run writes."""
    made = tmp_path_factory.mktemp("finished") / "run.forest.jsonl"
    rollout_to_file(made, **RUN)
    return made.read_bytes()


@pytest.fixture
def path(finished: bytes, tmp_path: Path) -> Path:
    """A finished run."""
    made = tmp_path / "run.forest.jsonl"
    made.write_bytes(finished)
    return made


def names(path: Path) -> list[str]:
    return [forest.id for forest in tc.read(path)]


def annotated(data: bytes) -> bytes:
    return b"".join(
        encode(forest.with_columns(provenance={**forest.provenance, "annotations": [{"kind": "monte_carlo"}]})) + b"\n"
        for forest in tc.read(data)
    )


@pytest.mark.parametrize(
    ("change", "asked", "said"),
    [
        (bytes, {}, r"this run is finished and there already: 5 finished forests; .*--overwrite"),
        (bytes, {"seed": 9}, r"5 finished forests of another run: seed=3, not 9; give another name, .*--overwrite"),
        (bytes, {"model": toy_policy("gpt2")}, "another run: model='llama', not 'gpt2'"),
        (
            lambda data: data[:-30],
            {},
            r"unfinished run: 4 finished forests, 1 of 5 are missing; continue with --res",
        ),
        (lambda data: data[:40], {}, "the torn beginning of a forest is there; continue with --resume"),
        (annotated, {}, "5 forests of another origin: there are annotations"),
        (lambda data: MINIMAL, {}, "1 forest of another origin: no sampler is recorded"),
        (lambda data: MINIMAL + b"\n", {}, "1 forest of another origin: no sampler is recorded"),
        (lambda data: b"a shopping list\n", {}, "holds no forests that can be read"),
        (lambda data: b'{"milk": 2}', {}, "holds no forests that can be read"),
    ],
)
def test_nothing_is_replaced_unasked(
    path: Path, change: Callable[[bytes], bytes], asked: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(change(path.read_bytes()))
    data = path.read_bytes()
    monkeypatch.setattr("treecore.rollouts.output.to_file.open_engine", None)
    with pytest.raises(FormatError, match=said):
        rollout_to_file(path, **{**RUN, **asked})
    assert path.read_bytes() == data


def test_a_name_is_compared_before_the_model_is_loaded(path: Path) -> None:
    with pytest.raises(FormatError, match=r"another run: model='llama', not '\./no_model'"):
        rollout_to_file(path, **{**RUN, "model": "./no_model"})


def test_an_empty_file_may_be_written(tmp_path: Path) -> None:
    path = tmp_path / "run.forest.jsonl"
    path.write_text("\n")
    assert rollout_to_file(path, **RUN).forests == 5
    assert len(names(path)) == 5


@pytest.mark.parametrize("other", [{"seed": 9}, {"prompts": 2}, {}])
def test_overwriting_replaces(path: Path, other: dict[str, Any]) -> None:
    summary = rollout_to_file(path, overwrite=True, **{**RUN, **other})
    forests = tc.read(path)
    assert summary.forests == len(forests) == other.get("prompts", 5)
    assert {forest.sampler["seed"] for forest in forests} == {other.get("seed", 3)}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("a failing critic"), FormatError("no JSON")])
@pytest.mark.parametrize("done", [0, 1])
def test_overwriting_keeps_the_old_run_until_a_forest_is_there(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, done: int
) -> None:
    data, run = path.read_bytes(), RolloutScheduler.run

    def broken(self: RolloutScheduler) -> Iterator[tc.Forest]:
        for number, forest in enumerate(run(self)):
            if number == done:
                raise error
            yield forest

    with monkeypatch.context() as patch:
        patch.setattr(RolloutScheduler, "run", broken)
        with pytest.raises(type(error)):
            rollout_to_file(path, overwrite=True, **{**RUN, "seed": 9})
    assert (path.read_bytes() == data) == (done == 0)
    assert len(names(path)) == (1 if done else 5)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    summary = rollout_to_file(path, overwrite=True, resume=True, **{**RUN, "seed": 9})
    assert summary.forests == 5
    assert {forest.sampler["seed"] for forest in tc.read(path)} == {9}


def test_a_replaced_file_stays_locked(path: Path) -> None:
    asked = []

    def watch(progress: tc.sampling.Progress) -> None:
        if progress.forests:
            with pytest.raises(FormatError, match="another run is writing"):
                rollout_to_file(path, overwrite=True, **RUN)
            asked.append(progress.forests)

    rollout_to_file(path, overwrite=True, on_progress=watch, **{**RUN, "model": toy_policy(max_sequences=2)})
    assert asked


def test_each_prompt_stands_once(path: Path) -> None:
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[0], *lines[2:], lines[4]]))
    assert rollout_to_file(path, resume=True, **RUN).forests == 5
    assert names(path) == [f"toy-{number}" for number in range(5)]
    path.write_bytes(data + lines[1])
    assert rollout_to_file(path, resume=True, **RUN).forests == 5
    assert path.read_bytes() == data


def test_a_line_without_its_end_is_kept(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    assert rollout_to_file(path, resume=True, **RUN).tokens_per_second == 0
    assert path.read_bytes() == data


def test_fewer_prompts_than_the_file_has_are_refused(path: Path) -> None:
    data = path.read_bytes()
    with pytest.raises(MethodError, match=r"'toy-3'.*other prompts than the 3 of this run, 2 in number; ask for"):
        rollout_to_file(path, resume=True, **{**RUN, "prompts": 3})
    assert path.read_bytes() == data


def test_more_prompts_than_the_file_has_are_added(path: Path) -> None:
    fresh = path.with_name("fresh.forest.jsonl")
    rollout_to_file(fresh, **{**RUN, "prompts": 8})
    rollout_to_file(path, resume=True, **{**RUN, "prompts": 8})
    assert [(one.id, one.text) for one in tc.read(path)] == [(one.id, one.text) for one in tc.read(fresh)]


@pytest.mark.parametrize("source", ["multihop", "countdown", "a file"])
def test_a_larger_run_begins_with_the_smaller(tmp_path: Path, source: str) -> None:
    path, fresh, rows = tmp_path / "run.forest.jsonl", tmp_path / "fresh.forest.jsonl", tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"prompt": f"What is {n}?", "answer": str(n)}) + "\n" for n in range(50)))
    options: dict[str, Any] = {"max_tokens": 12} if source == "a file" else {}
    task = str(rows) if source == "a file" else source
    run = {"task": task, "task_options": options, "model": "tiny", "device": "cpu", "sampler": "chains", "m": 1}
    rollout_to_file(path, prompts=2, seed=4, **run)
    rollout_to_file(path, prompts=5, seed=4, resume=True, **run)
    rollout_to_file(fresh, prompts=5, seed=4, **run)
    assert [(one.id, one.text) for one in tc.read(path)] == [(one.id, one.text) for one in tc.read(fresh)]


class Told(ToyTask):
    """A task that records settings."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings


def test_all_settings_of_the_task_are_compared(tmp_path: Path) -> None:
    path = tmp_path / "run.forest.jsonl"
    rollout_to_file(path, **{**RUN, "task": Told(digest="ab", parts=(1, 2))})
    data = path.read_bytes()
    with pytest.raises(MethodError, match="sampled with digest='ab', not 'cd'"):
        rollout_to_file(path, resume=True, **{**RUN, "task": Told(digest="cd", parts=(1, 2))})
    with pytest.raises(MethodError, match="sampled with digest='ab', not None"):
        rollout_to_file(path, resume=True, **{**RUN, "task": Told(parts=(1, 2))})
    newer = Told(digest="ab", parts=(1, 2), later="x")
    assert rollout_to_file(path, resume=True, **{**RUN, "task": newer}).forests == 5
    assert path.read_bytes() == data


def test_another_question_of_the_same_id_is_another_run(path: Path) -> None:
    class Edited(ToyTask):
        def prompts(self, n: int, *, seed: int) -> list[Prompt]:
            return [replace(one, reference="b") for one in super().prompts(n, seed=seed)]

    with pytest.raises(MethodError, match="another question or answer of this id"):
        rollout_to_file(path, resume=True, **{**RUN, "task": Edited()})


def test_annotations_and_forests_of_others_are_not_gone_on_with(path: Path) -> None:
    for data in (annotated(path.read_bytes()), MINIMAL, MINIMAL + b"\n"):
        path.write_bytes(data)
        with pytest.raises(MethodError, match="no rollout wrote this"):
            rollout_to_file(path, resume=True, **RUN)
        assert path.read_bytes() == data
    assert rollout_to_file(path, overwrite=True, **RUN).forests == 5


def test_too_few_prompts_leave_the_file(path: Path) -> None:
    data = path.read_bytes()
    with pytest.raises(TaskError):
        rollout_to_file(path, overwrite=True, **{**RUN, "prompts": 0})
    assert path.read_bytes() == data


def test_a_forest_over_many_lines_becomes_one_line(path: Path) -> None:
    (first, *_) = path.read_bytes().splitlines()
    path.write_text(json.dumps(json.loads(first), indent=1) + "\n")
    rollout_to_file(path, resume=True, **RUN)
    assert names(path) == [f"toy-{number}" for number in range(5)]
    assert path.read_bytes().count(b"\n") == 5


@pytest.mark.parametrize(
    "data",
    [
        b'{"prompt":"a","answer":1',
        b'{"format":"treecore/1","prompt":"my own work","nodes":[{"id":0,"parent":null},]}',
        b'{"milk": 2',
        MINIMAL + b"\n" + b'{"a note',
    ],
)
@pytest.mark.parametrize("how", [{}, {"resume": True}, {"overwrite": True}, {"resume": True, "overwrite": True}])
def test_what_no_run_can_have_begun_is_never_touched(tmp_path: Path, data: bytes, how: dict[str, bool]) -> None:
    path = tmp_path / "own.jsonl"
    path.write_bytes(data)
    with pytest.raises(FormatError):
        rollout_to_file(path, **RUN, **how)
    assert path.read_bytes() == data


@given(st.data())
def test_every_beginning_of_a_line_is_known(data: st.DataObject) -> None:
    line = encode(FORESTS[data.draw(st.integers(0, len(FORESTS) - 1))])
    assert is_json(line)
    assert is_beginning(line[: data.draw(st.integers(1, len(line) - 1))])
    assert not is_beginning(line)
