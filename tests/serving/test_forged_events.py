"""Events that no component sends, for every component of every view: nothing is looked up, read or broken."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import ROOT, serve
from visitor import Sent, Visitor

from app.library.folders import run_of
from app.visits.page import EVENTS
from treecore.library import Index, index_path, refresh

NAMES = ("asked", "chosen", "pressed", "found", "pick", "need")
NUMBERS = ("1", "-1", str(2**63), "1" + "0" * 400, "true", "null", '"1"', "1.5", "1e999", "[]")
TEXTS = (
    *("", "x" * 3000, "-1", "1e999", "nan", "0", "1", "999999999", "1~2", "a,b"),
    *(
        "../../etc/passwd",
        "0@/etc/passwd",
        "__class__",
        "\N{ARABIC-INDIC DIGIT THREE}",
        "\N{SUPERSCRIPT TWO}",
        "\0",
        "\ud800",
    ),
)
FIELDS = (
    *("node", "method", "seek", "fork", "every", "brush", "end", "at", "unit", "stage", "bet", "answer", "row", "page"),
    *("sort", "find", "only", "steps", "verb", "id", "key", "name", "kind", "frame", "bytes"),
)
VERBS = ("flip", "prune", "undo", "reset", "sample", "drop", "select")
VIEWS = {
    "explore": "sample=by_hand",
    "tokens": "sample=by_hand&read=tokens",
    "what if": "sample=by_hand&what_if=1&edit=flip:f3",
    "film": "sample=by_hand&view=step_through",
    "compare": "sample=by_hand&view=compare",
    "granularity": "sample=by_hand&view=granularity",
    "lessons": "view=lessons&unit=outcome",
    "rollout": "view=rollout",
    "library": "view=library&folder={folder}",
}
EVENTS_OF_A_VIEW, EVENTS_OF_A_RUN = 40, 3


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the operator named, read already."""
    folder = tmp_path_factory.mktemp("forged")
    run: Path = folder / "run"
    run.mkdir()
    shutil.copy(ROOT / "sample_trees" / "by_hand.forest.json", run)
    refresh(run, Index(folder / "cache" / "libraries" / index_path(run).name), workers=1)
    return run


@pytest.fixture(scope="module")
def log(run: Path) -> Path:
    return run.parent / "server.log"


@pytest.fixture(scope="module")
def server(run: Path, log: Path) -> Iterator[str]:
    cache = str(run.parent / "cache")
    given = {"TREECORE_PUBLIC": "1", "TREECORE_LIBRARIES": str(run), "TREECORE_CACHE": cache}
    with serve(ROOT / "app" / "main.py", log=log, **given) as address:
        yield address


def event(rng: random.Random) -> str:
    """An event as it goes over the wire."""
    said = {rng.choice(FIELDS): rng.choice(TEXTS) for _ in range(8)}
    beside = {name: rng.choice((rng.choice(TEXTS), 7, -1, [], {}, None)) for name in rng.sample(FIELDS, 8)}
    value = {**beside, "said": said, "open": rng.choice((True, False, "1")), "verb": rng.choice(VERBS), "number": 0}
    text = json.dumps({"event": rng.choice(NAMES), "value": value})
    forged = text.replace('"number": 0', f'"number": {rng.choice(NUMBERS)}')
    return f"[{forged}]"


@pytest.mark.parametrize("view", VIEWS)
def test_forged_events_do_nothing(view: str, server: str, run: Path, log: Path) -> None:
    link, rng = VIEWS[view].format(folder=run_of(run).key), random.Random(view)
    with Visitor(server) as visitor:
        components = [name for name, (kind, _) in visitor.run(link).widgets.items() if kind == "bidi_component"]
        assert components
        most = min(EVENTS_OF_A_RUN, len(components))
        for _ in range(0, EVENTS_OF_A_VIEW, most):
            names = rng.sample(components, most)
            sent = [Sent(EVENTS.format(name), "json_trigger_value", event(rng)) for name in names]
            visitor.run(link, *sent)
            assert visitor.exceptions() == [], sent
            assert visitor.says("root:") == []
    with Visitor(server) as another:
        assert another.run(link).exceptions() == []
    assert "Traceback" not in log.read_text()
