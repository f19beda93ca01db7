"""Values that no browser sends, for every widget of every view: none is looked up beyond what was offered."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import ROOT, serve
from visitor import Sent, Visitor

from app.library.folders import run_of
from app.serving.forged import SAID, is_forged, shortened
from app.view_registry import VIEWS
from app.visits.page import EVENTS
from treecore.library import Index, index_path, refresh

TRAP = "from pathlib import Path\nPath(__file__).with_suffix('.sprung').touch()\n\n\ndef touch() -> None:\n    pass\n"
NAME = "trap:touch"
OF_KIND: dict[str, tuple[tuple[str, object], ...]] = {
    "button": (("trigger_value", True),),
    "checkbox": (("bool_value", True),),
    "selectbox": (("string_value", NAME), ("string_value", "{file}"), ("string_value", "x" * 100_000)),
    "text_input": (("string_value", NAME), ("string_value", "{file}"), ("string_value", "x" * 100_000)),
    "button_group": (
        ("string_array_value", [NAME]),
        ("string_array_value", ["{file}", NAME]),
        ("string_array_value", []),
    ),
    "multiselect": (("string_array_value", [NAME]), ("string_array_value", ["{file}", NAME])),
    "number_input": (("double_value", 1e308), ("double_value", -1e308), ("double_value", 2.5)),
    "slider": (
        ("double_array_value", [1e18]),
        ("double_array_value", [-1e18]),
        ("string_array_value", [NAME]),
        ("string_array_value", ["{file}", NAME]),
    ),
    "bidi_component": (
        ("json_value", f'{{"selected": "{NAME}", "pick": "{NAME}"}}'),
        ("json_value", '{"selected": {"a": [1]}, "pick": [{}], "folds": 7}'),
    ),
    "plotly_chart": (
        ("string_value", '{"selection": {"points": [{"customdata": []}]}}'),
        ("string_value", '{"selection": {"points": [{"id": {"a": 1}}, 7]}}'),
    ),
}
"""What a widget of a type sends, with contents that it would not send: a page takes them without an error."""
OF_ANOTHER: tuple[tuple[str, object], ...] = (
    ("string_value", NAME),
    ("string_array_value", [NAME]),
    ("json_value", f'{{"selected": "{NAME}"}}'),
    ("json_value", "{"),
    ("double_value", 2.5),
)
"""Values of other types: Streamlit may refuse them, for this visitor alone."""


OPENED = {
    "flat.jsonl": b"\n".join(
        b'{"prompt": "p", "completion": "first\\nsecond\\n%d", "reward": %d}' % (last, last) for last in (0, 1)
    ),
    "table.csv": b"colour,weight\nred,1\nblue,2\n",
}
EXPECTED = {"flat.jsonl": "-merge_by", "table.csv": "-map:prompt"}
"""What an operator's file is -> a widget that it brings."""
WHAT_IF = "what_if"
"""The list of changes beside the trees, which is no view."""
FEWEST = {"library": 5, "lessons": 3}
"""Fields of views that are mostly one component."""


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder on the server's path with a module that leaves a mark when it is imported."""
    folder = tmp_path_factory.mktemp("trap")
    (folder / "trap.py").write_text(TRAP)
    (folder / "secret.jsonl").write_text('{"prompt": "secret question", "answer": "secret answer"}\n')
    return folder


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server prints."""
    return tmp_path_factory.mktemp("log") / "server.log"


@pytest.fixture(scope="module")
def server(trap: Path, log: Path) -> Iterator[str]:
    """Open to others, as `treecore app --public` is."""
    run = trap / "run"
    run.mkdir()
    shutil.copy(ROOT / "sample_trees" / "by_hand.forest.json", run)
    named = {"TREECORE_PUBLIC": "1", "TREECORE_LIBRARIES": str(run), "TREECORE_CACHE": str(trap / "cache")}
    refresh(run, Index(trap / "cache" / "libraries" / index_path(run).name), workers=1)
    with serve(ROOT / "app" / "main.py", log=log, PYTHONPATH=f"{ROOT}:{trap}", **named) as address:
        yield address


@pytest.mark.parametrize("view", [*VIEWS, WHAT_IF])
def test_no_forged_value_reaches_code_files_or_others(view: str, server: str, trap: Path, log: Path) -> None:
    link = f"view={view}&folder={run_of(trap / 'run').key}" if view == "library" else f"view={view}"
    link = "sample=early_fork&what_if=1&node=5" if view == WHAT_IF else link
    attack(server, link, trap, log, fewest=FEWEST.get(view, 10))


@pytest.mark.parametrize("name", OPENED)
def test_no_forged_value_in_the_menus_of_a_file(name: str, trap: Path, tmp_path: Path) -> None:
    """Merging, the columns of a table, exports: what is there once something is open."""
    file, log = trap / name, tmp_path / "server.log"
    file.write_bytes(OPENED[name])
    paths = f"{ROOT}:{trap}"
    opened = serve(ROOT / "app" / "main.py", log=log, PYTHONPATH=paths, TREECORE_PUBLIC="1", TREECORE_FILE=str(file))
    with opened as address:
        with Visitor(address) as visitor:
            keys = list(visitor.run("view=explore").widgets)
        assert any(EXPECTED[name] in key for key in keys)
        attack(address, "view=explore", trap, log, fewest=10)


def attack(server: str, link: str, trap: Path, log: Path, *, fewest: int) -> None:
    """Send forged values for every widget of a page: nothing happens, and it is told."""
    refused = 0
    with Visitor(server) as visitor:
        found = dict(visitor.run(link).widgets)
    assert len(found) > fewest
    for name, (kind, _) in found.items():
        with Visitor(server) as visitor:
            visitor.run(link)
            for field, value in OF_KIND.get(kind, ()):
                visitor.run(link, Sent(name, field, filled(value, trap)))
                assert visitor.exceptions() == [], (kind, name, value)
            for field, value in OF_ANOTHER:
                visitor.run(link, Sent(name, field, value))
                assert visitor.exceptions() == [], (kind, name, value)
                assert visitor.says("secret") == []
                refused += len(visitor.says(SAID))
    assert refused > fewest
    assert "Traceback" not in log.read_text()
    assert log.read_text().count("a value that no widget sends was refused") >= refused
    assert not (trap / "trap.sprung").exists()
    with Visitor(server) as another:
        assert another.run(link).exceptions() == []


@pytest.mark.parametrize(
    "said",
    [
        {"folder": "/etc", "row": "0@../secret.jsonl"},
        {"row": "0@/etc/passwd"},
        {"row": "99999999999@by_hand.forest.json"},
        {"q": "') or 1=1; drop table forests; --", "sort": "1; copy forests to '/tmp/x'"},
        {"page": "-1", "steps": "nan:inf", "sort": "no_such_column"},
        {"row": 7, "q": ["x"]},
        {},
    ],
)
def test_what_a_library_is_asked_for_stays_in_the_library(said: dict[str, object], server: str, trap: Path) -> None:
    """The list sends fields as an address holds them; each is one that there is, or nothing."""
    link = f"view=library&folder={run_of(trap / 'run').key}"
    with Visitor(server) as visitor:
        visitor.run(link)
        widget = visitor.widget("browse")
        assert widget
        for number, opens in enumerate((False, True), start=1):
            asked = {"number": number, "said": said, "open": opens}
            event = json.dumps([{"event": "asked", "value": asked}])
            for sent in (
                Sent(EVENTS.format(widget), "json_trigger_value", event),
                Sent(widget, "json_value", json.dumps({"asked": asked})),
            ):
                visitor.run(link, sent)
                assert visitor.exceptions() == []
                assert visitor.says("secret answer", "root:") == []
    assert (trap / "cache").exists()


def filled(value: object, trap: Path) -> object:
    """The value with the path of the file in its place."""
    if isinstance(value, list):
        return [filled(one, trap) for one in value]
    return value.replace("{file}", str(trap / "secret.jsonl")) if isinstance(value, str) else value


def test_a_forged_choice_begins_nothing_and_is_told(server: str, trap: Path) -> None:
    """The press comes with the forged value, so the callback runs before the widget is drawn again."""
    for key, forged in (("roll:task", NAME), ("roll:task", str(trap / "secret.jsonl")), ("roll:sampler", NAME)):
        with Visitor(server) as visitor:
            visitor.run("view=rollout")
            sent = Sent(visitor.widget(key), "string_value", forged), visitor.press("Grow trees")
            visitor.run("view=rollout", *sent)
            assert visitor.exceptions() == []
            assert visitor.says("is none of its choices")
            assert not visitor.says("secret", "trajectories written", "Cancel")
    assert not (trap / "trap.sprung").exists()


def test_only_what_streamlit_read_is_a_forged_value() -> None:
    """An error of our own, also one inside a format function that Streamlit calls, keeps its traceback."""
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 // 0
    assert not is_forged(caught.value)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "words", (), caught._excinfo)
    assert shortened(record)
    assert (record.msg, record.exc_info) == ("words", caught._excinfo)
