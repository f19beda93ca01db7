"""How fast the library is: indexing many forests, doing it again, filters, sorts and opening one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from treecore.bench.measure import best_of, machine, once
from treecore.bench.synthetic import DESCRIPTION, synthetic_forests
from treecore.formats import read, write
from treecore.library import Index, refresh
from treecore.library.filters import Filters
from treecore.library.opening import open_forest
from treecore.library.overview import overview

FILES = 10
GOALS = {"index_seconds": 180.0, "again_seconds": 2.0, "question_seconds": 0.2, "open_seconds": 0.5}
"""For 100,000 forests on two idle cores."""
QUESTIONS = {
    "filter": "SELECT file, number FROM forests WHERE pass_rate BETWEEN 0.2 AND 0.8 AND depth > 3 LIMIT 100",
    "sort": "SELECT * EXCLUDE (words) FROM forests ORDER BY credit_spread DESC LIMIT 100",
    "curve": "SELECT training_step, avg(pass_rate), count(*) FROM forests GROUP BY training_step",
    "histogram": "SELECT floor(pass_rate * 10), count(*) FROM forests GROUP BY 1",
}
PAGES = {"page": {}, "sorted page": {"sort": "prompt"}, "searched page": {"find": "equals four"}}
"""What a page of the library asks: all its curves, counts, histograms and rows."""
OnProgress = Callable[[str, int, int], None]


def bench_library(*, n_forests: int, n_nodes: int, seed: int, on_progress: OnProgress | None = None) -> dict[str, Any]:
    """All figures, JSON-ready.

    The peer of indexing is reading the same files alone, on one core, in the same run.

    Args:
        n_forests: in all files together; n_nodes: of each.
        on_progress: hears what is done, and how much of how much.
    """
    tell = on_progress or (lambda what, done, total: None)
    host = machine()
    with tempfile.TemporaryDirectory(prefix="treecore-library-") as place:
        folder = Path(place) / "run"
        folder.mkdir()
        for number in range(FILES):
            tell("making forests", number, FILES)
            forests = synthetic_forests(n_forests=max(n_forests // FILES, 1), n_nodes=n_nodes, seed=seed + number)
            write(list(forests), folder / f"{number}.forest.jsonl")
        size = sum(path.stat().st_size for path in folder.iterdir())
        index = Index(Path(place) / "index.duckdb")
        tell("indexing", 0, 1)
        made = once(lambda: refresh(folder, index, on_progress=lambda now: tell("indexing", now.files, now.of)))
        again = once(lambda: refresh(folder, index))
        tell("asking", 0, 1)
        asked: dict[str, Callable[[], Any]] = {name: partial(index.query, sql) for name, sql in QUESTIONS.items()}
        asked |= {name: partial(overview, index, Filters.of(said)) for name, said in PAGES.items()}
        questions = {name: best_of(ask, 3).wall for name, ask in asked.items()}
        opening = best_of(lambda: open_forest(folder, index, "3.forest.jsonl", 0), 3)
        tell("reading alone", 0, 1)
        alone = once(lambda: read(folder / "0.forest.jsonl"))
        total = index.query("SELECT count(*) FROM forests").rows[0][0]
    return {
        "bench": "library",
        "machine": host | {"load_after": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None},
        "data": DESCRIPTION,
        "n_forests": total,
        "n_nodes": n_nodes,
        "megabytes": size / 1e6,
        "index_seconds": made.wall,
        "index_over_reading": made.wall / (FILES * alone.wall),
        "again_seconds": again.wall,
        "questions": questions,
        "question_seconds": max(questions.values()),
        "open_seconds": opening.wall,
        "goals": GOALS,
    }
