"""What may stand in one place only: state of the app, names of methods, output, randomness, warnings."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from sources import ROOT, imports, nodes, part, sources, top

from treecore.methods import METHODS


def test_the_state_of_the_app_is_in_one_place() -> None:
    names = ("session_state", "query_params", "cache_data", "cache_resource")
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.attr}"
        for path in sources("app")
        if ROOT / "app" / "state" not in path.parents
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr in names
    ]
    assert wrong == []


def test_no_credit_method_is_named_outside_its_family() -> None:
    namesakes = (ROOT / "treecore" / "tasks", ROOT / "treecore" / "samplers")
    allowed = (ROOT / "treecore" / "methods", ROOT / "app" / "lessons", *namesakes)
    columns = {one.rpartition(":")[2] for method in METHODS.values() for one in method.symbols.values()}
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value!r}"
        for path in [*sources("treecore"), *sources("app")]
        if not any(folder in path.parents for folder in allowed) and "lessons" not in path.stem
        for node in nodes(path)
        if isinstance(node, ast.Constant) and node.value in METHODS.keys() - columns
    ]
    assert wrong == []


def test_only_the_command_line_prints() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in [*sources("treecore"), *sources("app")]
        if part(path) != "cli"
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert wrong == []


GENERATORS = {"Generator", "SeedSequence", "default_rng", "PCG64", "BitGenerator"}


def is_global_randomness(call: ast.Call) -> bool:
    """A draw from a shared stream, or a generator without a seed."""
    name = ast.unparse(call.func)
    if name.startswith(("np.random.", "numpy.random.")):
        return name.split(".")[-1] not in GENERATORS or not (call.args or call.keywords)
    if name in ("random.Random", "torch.Generator"):
        return name == "random.Random" and not call.args
    return name.startswith("random.") and name.count(".") == 1 and name.split(".")[1] in RANDOM_FUNCTIONS


RANDOM_FUNCTIONS = {
    "random",
    "randint",
    "randrange",
    "choice",
    "choices",
    "shuffle",
    "sample",
    "uniform",
    "gauss",
    "seed",
}


@pytest.mark.parametrize("folder", ["treecore", "app"])
def test_randomness_has_a_seed(folder: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node.func)}"
        for path in sources(folder)
        if any(top(entry.name) in ("random", "numpy") for entry in imports(path))
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and is_global_randomness(node)
        and not (ast.unparse(node.func).startswith("random.") and not imports_random(path))
    ]
    assert wrong == []


def imports_random(path: Path) -> bool:
    return any(entry.name == "random" for entry in imports(path))


def test_warnings_of_our_own_modules_are_errors() -> None:
    """Of each module that is there, and of no other."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["filterwarnings"]
    ours = [line.removeprefix("error:::") for line in told if line.startswith("error:::")]
    helpers = {path.stem for path in (ROOT / "tests" / "support").glob("*.py")}
    modules = (path for part in ("treecore", "app", "tests") for path in sources(part))
    names = helpers | {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in modules}
    assert [name for name in sorted(names) if not any(re.match(one, name) for one in ours)] == []
    assert not any(re.match(one, name) for one in ours for name in ("transformers", "torch.nn", "applib", "streamlit"))
