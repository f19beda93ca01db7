"""Plug-ins are found when a table is listed or a name is missing, and a broken one breaks nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from plugged import install

from treecore.errors import MethodError
from treecore.registry.plugins import PluginWarning
from treecore.registry.registry import Registry


class Thing(NamedTuple):
    name: str


TABLE: Registry[Thing] = Registry("thing")
"""Whatever the test at hand makes it: what plug-ins add to."""

ADDS = """
from {here} import TABLE, Thing
TABLE.add(Thing("{name}"))
{then}
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry[Thing]:
    """A table with one thing, and a package whose plug-ins work, fail, and take a name that is taken."""
    here = sys.modules[__name__]
    made: Registry[Thing] = Registry("thing", group="treecore.things")
    made.add(Thing("bundled"))
    monkeypatch.setattr(here, "TABLE", made)
    modules = {
        "works": ADDS.format(here="_things", name="extra", then=""),
        "fails": ADDS.format(here="_things", name="half", then="1 / 0"),
        "leaves": "raise SystemExit(3)",
        "twice": ADDS.format(here="_things", name="bundled", then=""),
    }
    monkeypatch.setitem(sys.modules, "_things", here)
    package = f"plugged_{tmp_path.name.replace('-', '_')}"
    install(tmp_path, package, modules, {"treecore.things": {name: f"{package}.{name}" for name in modules}})
    monkeypatch.syspath_prepend(str(tmp_path))
    return made


def test_a_name_that_is_there_looks_for_no_plug_in(table: Registry[Thing], recwarn: pytest.WarningsRecorder) -> None:
    assert table["bundled"].name == "bundled"
    assert "bundled" in table
    assert not recwarn.list
    assert table.group == "treecore.things"


def test_what_works_is_there_and_what_fails_is_one_warning_each(table: Registry[Thing]) -> None:
    with pytest.warns(PluginWarning) as told:
        assert list(table) == ["bundled", "extra"]
    sentences = [str(one.message) for one in told]
    assert [one.split("'")[1] for one in sentences] == ["fails", "leaves", "twice"]
    assert "is left out: ZeroDivisionError: division by zero" in sentences[0]
    assert "is left out: SystemExit: 3" in sentences[1]
    assert "there are two of one name: thing 'bundled'; rename one" in sentences[2]
    assert len(table) == 2


def test_a_name_that_is_missing_looks_for_plug_ins_once(
    table: Registry[Thing], recwarn: pytest.WarningsRecorder
) -> None:
    assert "extra" in table
    assert len(recwarn.list) == 3
    assert table.find("extra") == Thing("extra")
    with pytest.raises(MethodError, match=r"no thing 'extro'; did you mean 'extra'\? known: bundled, extra"):
        table.find("extro")
    assert len(recwarn.list) == 3


def test_importing_treecore_looks_for_no_plug_in_and_loads_no_model_library() -> None:
    script = (
        "import sys, treecore, treecore.samplers, treecore.formats, treecore.tasks\n"
        "from treecore.samplers import SAMPLERS\n"
        "print(treecore.METHODS.group, SAMPLERS.group, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["treecore.methods", "treecore.samplers", "False"], done.stderr[-2000:]
