"""How fast credit methods are: every registered one on many small forests and on one large forest, and reading.

Each figure stands beside that of a named peer, measured in the same run. There is no verdict here.
"""

from __future__ import annotations

import dataclasses
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from treecore.bench.checkout import oracles
from treecore.bench.measure import Spent, best_of, machine, once
from treecore.bench.synthetic import DESCRIPTION, synthetic_forests
from treecore.core.batch import Forests
from treecore.core.collector import collector_paused
from treecore.core.columns import TOKEN_COLUMNS
from treecore.core.forest import Forest
from treecore.core.topology import FloatArray, Topology
from treecore.formats import read, write
from treecore.methods import DEFAULT_METHOD, METHODS, compute, get_method
from treecore.methods.registry import Method

PEERS = {
    "oracle": (
        "the method's own slow, obvious version (`tests/oracles`; none without a checkout): step "
        "objects that walk to the leaves beneath them whenever these are needed, for credit, value and count of every "
        "step; per node of `oracle_nodes` nodes in forests as large as those of the case or one that has them all, "
        "making the objects not counted; CPU seconds, as everything here runs on one core at a time"
    ),
    "oracle_one_forest": "the same oracle, per node of `oracle_nodes` nodes of one forest, in all cases",
    "numpy_pass": (
        "every float64 column of the batch, of steps and of tokens, read once and written once; for methods of the "
        "family `expert`, which compare texts, also every character of every text (the text pass); CPU seconds"
    ),
    "first_seconds": "the method on a batch that nothing was asked of before: shape and stacked columns included",
    "orjson": "orjson.loads alone on the same bytes, no garbage collection meanwhile; CPU and wall seconds",
}
OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Sizes:
    """What to measure: `n_forests` of `forest_nodes` each, one of `large_nodes`, a file of `file_nodes`; the oracle
    walks `oracle_nodes`; `repeats` runs of each, of which the least counts."""

    n_forests: int = 10_000
    forest_nodes: int = 100
    large_nodes: int = 1_000_000
    file_nodes: int = 1_000_000
    oracle_nodes: int = 50_000
    repeats: int = 3


def bench_credit(
    sizes: Sizes, *, seed: int = 0, methods: Sequence[str] = (), on_progress: OnProgress | None = None
) -> dict[str, Any]:
    """All figures, JSON-ready.

    Args:
        methods: names; all registered ones when empty.
        on_progress: called with what comes next, how much is done, and how much there is.
    """
    chosen = [get_method(name) for name in methods or METHODS]
    total, done = 2 * len(chosen) + 3, 0

    def advance(what: str) -> None:
        nonlocal done
        if on_progress is not None:
            on_progress(what, done, total)
        done += 1

    host = machine()
    cases = []
    for name, n_forests, n_nodes in (
        ("many small forests", sizes.n_forests, sizes.forest_nodes),
        ("one large forest", 1, sizes.large_nodes),
    ):
        advance(f"making {name}")
        walk = objects(n_nodes, sizes, seed=seed)
        batch = synthetic_forests(n_forests, n_nodes=n_nodes, seed=seed)
        head = case_head(name, batch, sizes.repeats)
        rows = []
        for method in chosen:
            advance(f"{method.name}, {name}")
            rows.append(method_row(method, batch, head, walk, sizes.repeats))
        cases.append({**head, "methods": rows})
        del batch
    compare_with_one_forest(cases)
    advance("reading")
    reading = bench_reading(sizes, seed=seed)
    return {
        "bench": "credit",
        "machine": {**host, "load_after": machine()["load_before"]},
        "synthetic": DESCRIPTION,
        "seed": seed,
        "repeats": sizes.repeats,
        "peers": PEERS,
        "oracles": oracles() is not None,
        "oracle_nodes": sizes.oracle_nodes,
        "cases": cases,
        "reading": reading,
    }


def objects(n_nodes: int, sizes: Sizes, *, seed: int) -> Any:
    """What oracles walk, None where there are none:
    step objects of `oracle_nodes` nodes, in forests of `n_nodes` or in one of as many as there are."""
    package = oracles()
    if package is None:
        return None
    most = min(n_nodes, sizes.oracle_nodes)
    return package.Walk(synthetic_forests(sizes.oracle_nodes // most, n_nodes=most, seed=seed))


def case_head(name: str, batch: Forests, repeats: int) -> dict[str, Any]:
    """Size of one case, its numpy pass, and what it takes to stack the batch and work out its shape."""
    columns = list(float_columns(batch))
    characters = "".join(text for forest in batch for text in forest.text).encode("utf-32-le")
    floor = read_and_write(columns, repeats)
    text_floor = read_and_write([np.frombuffer(characters, dtype=np.uint32)], repeats)
    shape = best_of(lambda: prepare(batch), repeats)
    compute(batch, DEFAULT_METHOD)
    assert len(batch.topology.depth) == len(batch.n_model_tokens) == len(batch.status)
    return {
        "case": name,
        "n_forests": len(batch),
        "n_nodes": len(batch.parent),
        "n_tokens": sum(forest.tokens.total for forest in batch if forest.tokens is not None),
        "float_columns_mb": sum(column.nbytes for column in columns) / 1e6,
        "numpy_pass_seconds": floor.wall,
        "numpy_pass_cpu_seconds": floor.cpu,
        "text_pass_cpu_seconds": text_floor.cpu,
        "shape_seconds": shape.wall,
        "shape_cpu_seconds": shape.cpu,
    }


def read_and_write(columns: Sequence[np.ndarray[Any, Any]], repeats: int) -> Spent:
    """Every value once."""
    buffers = [np.empty_like(column) for column in columns]

    def numpy_pass() -> None:
        for column, buffer in zip(columns, buffers, strict=True):
            np.add(column, 1, out=buffer)

    return best_of(numpy_pass, max(repeats, 5))


def float_columns(batch: Forests) -> Iterator[FloatArray]:
    """The float64 columns of a batch, of steps and of tokens."""
    yield batch.reward
    for name in batch[0].columns:
        yield batch.column(name)
    for column in TOKEN_COLUMNS:
        parts = [getattr(forest.tokens, column.name) for forest in batch]
        if column.kind == "float" and all(part is not None for part in parts):
            yield np.concatenate(parts)


def prepare(batch: Forests) -> None:
    """Stack a fresh batch's columns and work out its shape, as the first method that is asked for has to."""
    fresh = Forests(list(batch))
    topology = Topology(fresh.parent)
    assert len(topology.leaf_spans.first) == len(topology.root) == len(topology.depth)
    assert len(fresh.reward) == len(fresh.forest_of) == len(fresh.n_model_tokens) == len(fresh.status)


def method_row(method: Method, batch: Forests, head: dict[str, Any], walk: Any, repeats: int) -> dict[str, Any]:
    """One method: on a batch that nothing was asked of before, then again on it; and its oracle on step objects."""
    fresh = Forests([dataclasses.replace(forest) for forest in batch])
    first = once(lambda: method.compute(fresh, {}))
    spent = best_of(lambda: method.compute(batch, {}), repeats)
    oracle = oracle_seconds(method.name, walk, repeats)
    floor = head["numpy_pass_cpu_seconds"] + (head["text_pass_cpu_seconds"] if method.family.name == "expert" else 0.0)
    return {
        "method": method.name,
        "seconds": spent.wall,
        "cpu_seconds": spent.cpu,
        "first_seconds": first.wall,
        "first_cpu_seconds": first.cpu,
        "oracle_cpu_seconds_per_node": oracle,
        "times_oracle": None if oracle is None else oracle * head["n_nodes"] / spent.cpu,
        "numpy_passes": spent.cpu / floor,
    }


def oracle_seconds(method: str, walk: Any, repeats: int) -> float | None:
    """CPU seconds a node of the method's oracle; None where it has none, or there are no oracles here."""
    package = oracles()
    if package is None or not package.has_oracle(method):
        return None
    return best_of(lambda: package.slow_credit(walk, method), repeats).cpu / len(walk.nodes)


def compare_with_one_forest(cases: Sequence[dict[str, Any]]) -> None:
    """Add to every method of every case how it compares with the oracle of the last case, which is one forest."""
    oracle = {row["method"]: row["oracle_cpu_seconds_per_node"] for row in cases[-1]["methods"]}
    for case in cases:
        for row in case["methods"]:
            slow = oracle[row["method"]]
            row["times_oracle_one_forest"] = None if slow is None else slow * case["n_nodes"] / row["cpu_seconds"]


def bench_reading(sizes: Sizes, *, seed: int) -> dict[str, Any]:
    """A native file of one forest: parsing against orjson alone, and reading against the credit computed on it."""
    forest = as_plain_file(synthetic_forests(1, n_nodes=sizes.file_nodes, seed=seed)[0])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "large.forest.json")
        write(forest, path)
        del forest
        with open(path, "rb") as file:
            data = file.read()
        with collector_paused():
            peer = best_of(lambda: orjson.loads(data), sizes.repeats, enough=math.inf)
        parse = best_of(lambda: read(data), sizes.repeats, enough=math.inf)
        opening = once(lambda: read(path))
        forests = read(path)
        computing = once(lambda: compute(forests, DEFAULT_METHOD))
    return {
        "n_nodes": sizes.file_nodes,
        "megabytes": len(data) / 1e6,
        "parse_seconds": parse.wall,
        "parse_cpu_seconds": parse.cpu,
        "orjson_seconds": peer.wall,
        "orjson_cpu_seconds": peer.cpu,
        "times_orjson": parse.wall / peer.wall,
        "times_orjson_cpu": parse.cpu / peer.cpu,
        "read_file_seconds": opening.wall,
        "credit_method": DEFAULT_METHOD,
        "credit_seconds": computing.wall,
        "share_of_reading": opening.wall / (opening.wall + computing.wall),
    }


def as_plain_file(forest: Forest) -> Forest:
    """The forest as most files have it: texts, observations, outcomes and token counts, no tokens or annotations."""
    return forest.with_columns(tokens=None, columns={})
