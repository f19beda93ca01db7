"""How the app fares with a class in it: sessions that click, step and open at once, and grow trees meanwhile.

The visitors are a process of their own (`app.visits`), which speaks the socket of the server as a browser does; no
browser runs, and no network is between them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import orjson

from treecore.bench.measure import Goal, load, machine
from treecore.bench.served import Server, serving
from treecore.errors import TreecoreError

SESSION_BYTES, KEPT_BYTES = 40_000_000, 2_000_000
"""What a session may take after the first, and what may be left of it once all have gone."""
ACTION_MS = 1000.0
GONE_SECONDS, LOOK_EVERY = 180.0, 5.0
"""Seconds for which memory may take to come back: Streamlit keeps a session for two minutes, as its page may return."""
REST_SECONDS = 15.0
"""After which the server has given back what loading and a run took."""
NODES = 300
"""Steps of the file that each session opens."""
DESCRIPTION = (
    "Each session opens the app and a file of its own ({nodes} steps), then clicks steps (9 of 20), goes to the next "
    "frame (6), to another view (2), sample (2) or method (1) with pauses of {pause:g} s on average. In the first half "
    "each asks for a small run (6 trajectories) and watches it, but for one, which asks for four of the largest."
)


class Asked(NamedTuple):
    """What a class is to do.

    Attributes:
        sessions: how many; seconds: for how long they act.
        pause: seconds between two actions of a session, on average.
        seed: of all that they do.
    """

    sessions: int = 30
    seconds: float = 120.0
    pause: float = 4.0
    seed: int = 0


def bench_class(
    command: Sequence[str],
    environment: Mapping[str, str],
    asked: Asked,
    *,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """Serve the app, let a class in, and look at the server while it works and after it has left.

    Args:
        command, environment: that serve the app on 127.0.0.1; `--server.port` is added.

    Raises:
        TreecoreError: the app does not start, or the visitors' process ends.
    """
    host = {**machine(), "streamlit": version("streamlit"), "torch": version("torch")}
    phases: dict[str, dict[str, Any]] = {}
    memory: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="treecore-class-") as folder:
        own = {**environment, "TREECORE_CACHE": folder}
        with serving(command, own) as server:
            for report in visits(server.address, own, asked, on_progress or (lambda what, done, total: None)):
                phases[report["phase"]] = report
                memory[report["phase"]] = lowest(server, report["phase"], first=memory.get("first", 0))
    host["load_after"] = load()
    actions = [tuple(one) for name in ("arrived", "class") for one in phases[name]["actions"]]
    document = {
        "machine": host,
        "asked": asked._asdict(),
        "data": DESCRIPTION.format(nodes=NODES, pause=asked.pause),
        "first": times(phases["first"]["actions"]),
        "actions": times(actions),
        "errors": sorted({f"{kind}: {error}" for kind, _, error in actions if error}),
        "failed": sum(bool(error) for *_, error in actions),
        "memory": memory,
        "runs": runs_of(phases["class"]["flood"], small=phases["class"]["small"]),
    }
    goals = list(goals_of(document))
    return {**document, "goals": [{**goal._asdict(), "met": goal.met} for goal in goals]}


def visits(
    address: str, environment: Mapping[str, str], asked: Asked, on_progress: Callable[[str, int, int], None]
) -> Iterator[dict[str, Any]]:
    """What the visitors tell at the end of each phase; they go on once the next is asked for.

    Raises:
        TreecoreError: their process ends before they left.
    """
    words = [sys.executable, "-P", "-m", "app.visits", address, f"--nodes={NODES}"]
    words += [f"--{name}={value}" for name, value in asked._asdict().items()]
    total, last = round(asked.seconds), ""
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, env=dict(environment)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            on_progress("the first session", 0, total)
            for line in process.stdout:
                report = orjson.loads(line)
                if "phase" not in report:
                    on_progress("the class works", min(round(report["over"]), total), total)
                    continue
                last = report["phase"]
                yield report
                on_progress("the others come in" if last == "first" else "they leave", 0, total)
                process.stdin.write(b"\n")
                process.stdin.flush()
        finally:
            if last != "left":
                process.terminate()
    if last != "left":
        raise TreecoreError("the visitors' process ended early", todo="run the command again; its errors are above")


def lowest(server: Server, phase: str, *, first: int) -> int:
    """Resident bytes of the server: of the first session alone once it rests, at the end once all has come back."""
    held = server.memory() or 0
    end = time.monotonic() + {"first": REST_SECONDS, "left": GONE_SECONDS}.get(phase, 0.0)
    while held > first and time.monotonic() < end:
        time.sleep(LOOK_EVERY)
        held = min(server.memory() or 0, held)
    return held


def times(actions: Sequence[Sequence[Any]]) -> dict[str, dict[str, float]]:
    """Kind of action -> how many there were, and milliseconds: median, 95th percentile, most; `all` for all of them."""
    kinds = {"all": list(actions), **{kind: [one for one in actions if one[0] == kind] for kind, *_ in actions}}
    found = {}
    for kind, ones in kinds.items():
        spent = np.array([one[1] for one in ones]) * 1000
        found[kind] = {
            "count": len(spent),
            "median_ms": float(np.median(spent)) if len(spent) else 0.0,
            "p95_ms": float(np.percentile(spent, 95)) if len(spent) else 0.0,
            "most_ms": float(spent.max(initial=0.0)),
        }
    return found


def runs_of(flood: Sequence[Sequence[float]], *, small: Sequence[Sequence[float]]) -> dict[str, Any]:
    """How long the runs took from asking to seeing them done, and how many small ones the flood held up.

    Whoever asks has to wait for the large run that is under way, and for no other of the flood.
    """
    spent = [over - asked for asked, over in small]
    return {
        "flood_seconds": [over - asked for asked, over in flood],
        "small": len(small),
        "small_seconds": float(np.median(spent)) if spent else 0.0,
        "small_seconds_most": max(spent, default=0.0),
        "starved": sum(sum(asked < end < over for _, end in flood) > 1 for asked, over in small),
    }


def goals_of(document: Mapping[str, Any]) -> Iterator[Goal]:
    """The bounds for a class."""
    sessions, memory = document["asked"]["sessions"], document["memory"]
    at, others = f"{sessions} sessions", max(sessions - 1, 1)
    took = max(memory["arrived"], memory["class"]) - memory["first"]
    kept = max(memory["left"] - memory["first"], 0)
    yield Goal("ms of an action, 95th percentile", at, limit=ACTION_MS, found=document["actions"]["all"]["p95_ms"])
    yield Goal("actions that failed", at, 0, document["failed"])
    yield Goal("bytes a session takes after the first", at, limit=SESSION_BYTES, found=took / others)
    yield Goal("bytes a session still takes after it has left", at, limit=KEPT_BYTES, found=kept / others)
    yield Goal("small runs that waited for more than one large run of a flood", at, 0, document["runs"]["starved"])
