"""Commands that are killed at any moment and gone on with give what an unbroken run gives.

Every round kills with SIGKILL: once some lines or bytes are in the file, or as soon as the process runs; perhaps the
end of the file is then torn off inside its last line, and the run that goes on is killed as well. The environment
variable `TREECORE_CRASH_ROUNDS` asks for more rounds.
"""

from __future__ import annotations

import logging
import os
import random
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from forks import Child, Nursery

import treecore as tc
from treecore.core.forest import Forest

COMMANDS = (
    "rollout --device cpu --sampler chains --set m=2 --prompts 6",
    "annotate FILE --kind monte_carlo --set k=2",
    "rollout --device cpu --sampler mcts --set simulations=1 --set min_terminals=1 --set root_width=2 --set width=1"
    " --set rollouts=1 --prompts 3",
    "rollout --device cpu --sampler surprisal --set m=2 --set n=1 --prompts 3 --task countdown",
    "rollout --device cpu --sampler random_expansion --set m=1 --set n=1 --prompts 5 --seed 1",
    "annotate FILE --kind first_error --set k=2",
)
LOG = logging.getLogger(__name__)
ROUNDS = int(os.environ.get("TREECORE_CRASH_ROUNDS", "4"))


pytestmark = pytest.mark.skipif(not hasattr(signal, "sigtimedwait"), reason="needs fork and the signals of Linux")


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made


@pytest.fixture(scope="module")
def unbroken(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory):
    """A command's words, and the file that it writes when nobody kills it; each is run once."""
    folder = tmp_path_factory.mktemp("unbroken")

    @cache
    def source() -> Path:
        path = folder / "source.forest.jsonl"
        nursery.run("rollout", "--sampler", "chains", "--set", "m=2", "--prompts", 5, "--seed", 5, "-o", path)
        return path

    @cache
    def run(number: int) -> tuple[list[str], Path]:
        words = [str(source()) if word == "FILE" else word for word in COMMANDS[number].split()]
        path = folder / f"{number}.forest.jsonl"
        nursery.run(*words, "-o", path)
        return words, path

    return run


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def kill_somewhere(child: Child, path: Path, whole: bytes, rng: random.Random) -> str:
    """Kill the process at a moment drawn from `rng`; returns which it was."""
    begun = size(path)
    how = rng.choice(("lines", "lines", "bytes", "start"))
    if how == "start":
        child.kill()
        return how
    ends = [place + 1 for place, byte in enumerate(whole) if byte == 10 and place >= begun]
    goal = rng.choice(ends) if how == "lines" and ends else rng.randint(begun, max(begun, len(whole)))
    child.until(lambda: size(path) >= goal)
    return f"{how} {goal} of {len(whole)}: {child.kill()}"


def tear(path: Path, rng: random.Random) -> None:
    """Leave only a part of the last line."""
    data = path.read_bytes() if path.exists() else b""
    if data:
        os.truncate(path, rng.randrange(data[:-1].rfind(b"\n") + 1, len(data)))


def same(found: list[Forest], expected: list[Forest]) -> None:
    assert [forest.id for forest in found] == [forest.id for forest in expected]
    for one, other in zip(found, expected, strict=True):
        assert (one.text, one.observation) == (other.text, other.observation)
        assert one.node_extra == other.node_extra
        for name in ("parent", "status", "born", "reward"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert one.tokens is not None
        assert other.tokens is not None
        np.testing.assert_array_equal(one.tokens.id, other.tokens.id)
        assert list(one.tokens.text) == list(other.tokens.text)
        for name in ("logprob", "entropy", "confidence"):
            np.testing.assert_allclose(getattr(one.tokens, name), getattr(other.tokens, name), atol=1e-4)
        assert one.columns.keys() == other.columns.keys()
        for name, column in one.columns.items():
            np.testing.assert_allclose(column, other.columns[name], atol=1e-4, err_msg=name)


def test_the_same_command_gives_every_bit_again(nursery: Nursery, unbroken, tmp_path: Path) -> None:
    words, reference = unbroken(0)
    nursery.run(*words, "-o", tmp_path / "again.forest.jsonl")
    again = tc.read(tmp_path / "again.forest.jsonl")
    assert [forest.digest for forest in again] == [forest.digest for forest in tc.read(reference)]


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_killed_anywhere_and_gone_on_with(nursery: Nursery, unbroken, tmp_path: Path, round_: int) -> None:
    rng = random.Random(round_)
    words, reference = unbroken(round_ % len(COMMANDS))
    path = tmp_path / "run.forest.jsonl"
    log = [kill_somewhere(nursery.start(*words, "-o", path), path, reference.read_bytes(), rng)]
    if rng.random() < 0.5:
        tear(path, rng)
        log.append("torn")
    if rng.random() < 0.5:
        again = nursery.start(*words, "-o", path, "--resume")
        log.append("resumed and " + kill_somewhere(again, path, reference.read_bytes(), rng))
        if rng.random() < 0.3:
            tear(path, rng)
            log.append("torn")
    LOG.warning("%s: %s", words[0], "; ".join(log))
    nursery.run(*words, "-o", path, "--resume")
    same(tc.read(path), tc.read(reference))
    assert os.listdir(tmp_path) == [path.name]
