"""Which module may import which: the rules that keep the parts apart."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import networkx as nx
from sources import ROOT, Import, all_imports, parsed, part, sources, statements, top

RANKS = {
    0: ("errors", "bidi", "bundled"),
    1: ("core",),
    2: ("protocols", "registry"),
    3: ("formats", "methods", "policies", "tasks", "tiny"),
    4: ("analysis", "hooks", "quotas", "samplers", "views"),
    5: (
        "exports",
        "lessons",
        "rollouts",
    ),
    6: ("annotate", "bench", "library"),
    7: ("cli", "__main__"),
}
RANK = {name: rank for rank, names in RANKS.items() for name in names}
HEAVY = ("torch", "transformers", "tokenizers")
MODEL_CODE = ("policies", "tiny")
CORE = ("core", "errors", "methods", "registry")


def listed(found: list[Import]) -> list[str]:
    return [str(entry) for entry in found]


def test_every_part_has_a_rank() -> None:
    parts = {part(path) for path in sources("treecore")} - {""}
    assert parts - RANK.keys() == set()


def test_a_module_imports_no_higher_rank() -> None:
    wrong = [
        entry
        for entry in all_imports("treecore")
        if top(entry.name) == "treecore"
        and entry.at_import
        and part(entry.path)
        and RANK.get(entry.name.split(".")[1] if "." in entry.name else "cli", 0) > RANK[part(entry.path)]
    ]
    assert listed(wrong) == []


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def module_graph() -> dict[str, set[str]]:
    """Module -> those that it imports anywhere, also inside functions."""
    paths = {module_name(path): path for folder in ("treecore", "app") for path in sources(folder)}
    graph: dict[str, set[str]] = {name: set() for name in paths}
    for name, path in paths.items():
        for node, _ in statements(parsed(path)):
            if isinstance(node, ast.Import):
                graph[name] |= {alias.name for alias in node.names} & paths.keys()
            elif isinstance(node, ast.ImportFrom) and node.module in paths:
                below = {f"{node.module}.{alias.name}" for alias in node.names}
                graph[name] |= below & paths.keys()
                graph[name] |= {node.module} if below - paths.keys() else set()
    return graph


def circles(graph: dict[str, set[str]]) -> set[frozenset[str]]:
    """Largest sets of modules of which each imports all others, directly or not."""
    found = nx.strongly_connected_components(nx.DiGraph(graph))
    return {frozenset(circle) for circle in found if len(circle) > 1 or graph[min(circle)] & circle}


def test_circles_are_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": {"e"}, "f": set()}) == {
        frozenset("abc"),
        frozenset("e"),
    }


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports inside functions count, those for type checkers do not."""
    assert circles(module_graph()) == set()


def test_the_package_knows_no_app_and_no_streamlit() -> None:
    assert listed([entry for entry in all_imports("treecore") if top(entry.name) in ("app", "streamlit")]) == []


def test_plotly_is_imported_only_inside_functions() -> None:
    assert listed([entry for entry in all_imports("treecore") if top(entry.name) == "plotly" and entry.at_import]) == []


def test_the_core_needs_numpy_alone() -> None:
    allowed = {*sys.stdlib_module_names, "numpy", "treecore"}
    wrong = [entry for entry in all_imports("treecore") if part(entry.path) in CORE and top(entry.name) not in allowed]
    assert listed(wrong) == []


def test_model_libraries_stay_with_the_models() -> None:
    wrong = [
        entry
        for entry in all_imports("treecore")
        if top(entry.name) in HEAVY and entry.at_import and part(entry.path) not in MODEL_CODE
    ]
    assert listed(wrong) == []


def test_tables_and_graphs_stay_at_the_edge() -> None:
    wrong = [
        entry
        for entry in all_imports("treecore")
        if top(entry.name) in ("pandas", "networkx") and part(entry.path) not in ("exports", "formats", "views")
    ]
    assert listed(wrong) == []


def test_methods_know_no_sampling_and_no_files() -> None:
    banned = tuple(f"treecore.{name}" for name in ("samplers", "policies", "tasks", "formats", "rollouts"))
    wrong = [
        entry for entry in all_imports("treecore") if part(entry.path) == "methods" and entry.name.startswith(banned)
    ]
    assert listed(wrong) == []


def test_figures_know_no_streamlit_and_views_no_plotly() -> None:
    wrong = [
        entry
        for entry in all_imports("app")
        if (part(entry.path), top(entry.name)) in (("figures", "streamlit"), ("views", "plotly"))
    ]
    assert listed(wrong) == []


LIGHT = """
import sys
import treecore
from treecore.cli import main

path = sys.argv[1]

def command(*words):
    return lambda: main(list(words), standalone_mode=False)

for name, doing in {
    "read": lambda: treecore.read(path),
    "credit in Python": lambda: treecore.credit(treecore.read(path), "grpo"),
    "credit": command("credit", path, "--method", "grpo"),
    "show": command("show", path, "--method", "grpo"),
    "validate": command("validate", path),
    "--help": command("--help"),
    "methods": command("methods"),
    "samplers": command("samplers"),
}.items():
    doing()
    if loaded := {"torch", "transformers", "pandas", "streamlit", "networkx", "plotly"} & set(sys.modules):
        sys.exit(f"{name}: {' '.join(loaded)}")
"""
"""What opens forests and lists what there is, one after the other."""


def test_opening_a_forest_imports_nothing_heavy(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        '{"format":"treecore/1","nodes":[{"id":0,"parent":null},{"id":1,"parent":0,"reward":1},'
        '{"id":2,"parent":0,"reward":0}]}'
    )
    done = subprocess.run([sys.executable, "-c", LIGHT, str(path)], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
