"""Which module may import which, and what may stand where: the rules that keep the parts apart."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from treecore.methods import METHODS

ROOT = Path(__file__).parent.parent
RANKS = {
    0: ("errors", "bundled"),
    1: ("core",),
    2: ("protocols", "registry"),
    3: ("formats", "methods", "policies", "tasks", "tiny"),
    4: ("analysis", "quotas", "samplers", "views"),
    5: ("rollouts",),
    6: ("annotate", "bench"),
    7: ("cli", "__main__"),
}
RANK = {name: rank for rank, names in RANKS.items() for name in names}
HEAVY = ("torch", "transformers", "tokenizers")
MODEL_CODE = ("policies", "tiny")
CORE = ("core", "errors", "methods", "registry")


class Import(NamedTuple):
    """One import statement: what, by whom, and whether it runs when the module is imported."""

    path: Path
    line: int
    name: str
    at_import: bool

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line} imports {self.name}"


def sources(folder: str) -> list[Path]:
    return [path for path in sorted((ROOT / folder).rglob("*.py")) if "bundle" not in path.parts]


def part(path: Path) -> str:
    """First name below the package, "" for its `__init__`."""
    name = path.relative_to(ROOT).parts[1].removesuffix(".py")
    return "" if name == "__init__" else name


def is_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def walk(node: ast.AST, *, at_import: bool = True) -> Iterator[tuple[ast.AST, bool]]:
    """All nodes that run, with whether they run at import; what is only for type checkers is left out."""
    for child in ast.iter_child_nodes(node):
        if is_typing(child):
            continue
        inside = at_import and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield child, at_import
        yield from walk(child, at_import=inside)


def imports(path: Path) -> Iterator[Import]:
    for node, at_import in walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (Import(path, node.lineno, alias.name, at_import) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names] if node.module in ("treecore", "app") else []
            )
            yield from (Import(path, node.lineno, name, at_import) for name in names or [str(node.module)])


PACKAGE = [found for path in sources("treecore") for found in imports(path)]
APP = [found for path in sources("app") for found in imports(path)]


def top(name: str) -> str:
    return name.split(".")[0]


def listed(found: list[Import]) -> list[str]:
    return [str(entry) for entry in found]


def test_every_part_has_a_rank() -> None:
    parts = {part(path) for path in sources("treecore")} - {""}
    assert parts - RANK.keys() == set()


def test_a_module_imports_no_higher_rank() -> None:
    wrong = [
        entry
        for entry in PACKAGE
        if top(entry.name) == "treecore"
        and entry.at_import
        and part(entry.path)
        and RANK.get(entry.name.split(".")[1] if "." in entry.name else "cli", 0) > RANK[part(entry.path)]
    ]
    assert listed(wrong) == []


KNOWN_CIRCLES = {
    frozenset(
        {
            "treecore.tasks.verifiers.mathematics.verifier",
            "treecore.tasks.verifiers.registry",
            "treecore.tasks.verifiers.text",
        }
    ),
}
"""Circles that are still to be undone."""


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def module_graph() -> dict[str, set[str]]:
    """Module -> those that it imports anywhere, also inside functions."""
    paths = {module_name(path): path for folder in ("treecore", "app") for path in sources(folder)}
    graph: dict[str, set[str]] = {name: set() for name in paths}
    for name, path in paths.items():
        for node, _ in walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                graph[name] |= {alias.name for alias in node.names} & paths.keys()
            elif isinstance(node, ast.ImportFrom) and node.module in paths:
                below = {f"{node.module}.{alias.name}" for alias in node.names}
                graph[name] |= below & paths.keys()
                graph[name] |= {node.module} if below - paths.keys() else set()
    return graph


def circles(graph: dict[str, set[str]]) -> set[frozenset[str]]:
    """Largest sets of modules of which each imports all others, directly or not."""

    def reached(start: str) -> set[str]:
        found, left = set[str](), [start]
        while left:
            fresh = graph[left.pop()] - found
            found |= fresh
            left += fresh
        return found

    ahead = {name: reached(name) for name in graph}
    return {
        frozenset({other for other in ahead[name] if name in ahead[other]}) for name in graph if name in ahead[name]
    }


def test_circles_are_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": {"e"}, "f": set()}) == {
        frozenset("abc"),
        frozenset("e"),
    }


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports inside functions count, those for type checkers do not."""
    assert circles(module_graph()) - KNOWN_CIRCLES == set()


def test_the_package_knows_no_app_and_no_streamlit() -> None:
    assert listed([entry for entry in PACKAGE if top(entry.name) in ("app", "streamlit")]) == []


def test_plotly_is_imported_only_inside_functions() -> None:
    assert listed([entry for entry in PACKAGE if top(entry.name) == "plotly" and entry.at_import]) == []


def test_the_core_needs_numpy_alone() -> None:
    allowed = {*sys.stdlib_module_names, "numpy", "treecore"}
    wrong = [entry for entry in PACKAGE if part(entry.path) in CORE and top(entry.name) not in allowed]
    assert listed(wrong) == []


def test_model_libraries_stay_with_the_models() -> None:
    wrong = [
        entry
        for entry in PACKAGE
        if top(entry.name) in HEAVY and entry.at_import and part(entry.path) not in MODEL_CODE
    ]
    assert listed(wrong) == []


def test_tables_and_graphs_stay_at_the_edge() -> None:
    wrong = [
        entry
        for entry in PACKAGE
        if top(entry.name) in ("pandas", "networkx") and part(entry.path) not in ("views", "formats")
    ]
    assert listed(wrong) == []


def test_methods_know_no_sampling_and_no_files() -> None:
    banned = tuple(f"treecore.{name}" for name in ("samplers", "policies", "tasks", "formats", "rollouts"))
    wrong = [entry for entry in PACKAGE if part(entry.path) == "methods" and entry.name.startswith(banned)]
    assert listed(wrong) == []


def test_figures_know_no_streamlit_and_views_no_plotly() -> None:
    wrong = [
        entry for entry in APP if (part(entry.path), top(entry.name)) in (("figures", "streamlit"), ("views", "plotly"))
    ]
    assert listed(wrong) == []


def test_the_state_of_the_app_is_in_one_place() -> None:
    names = ("session_state", "query_params", "cache_data", "cache_resource")
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.attr}"
        for path in sources("app")
        if path != ROOT / "app" / "state.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in names
    ]
    assert wrong == []


def test_no_credit_method_is_named_outside_its_family() -> None:
    namesakes = (ROOT / "treecore" / "tasks", ROOT / "treecore" / "samplers")
    oracles = ROOT / "treecore" / "bench" / "oracles"
    allowed = (ROOT / "treecore" / "methods", ROOT / "app" / "lessons", oracles, *namesakes)
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value!r}"
        for path in [*sources("treecore"), *sources("app")]
        if not any(folder in path.parents for folder in allowed) and "lessons" not in path.stem
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in METHODS
    ]
    assert wrong == []


def test_only_the_command_line_prints() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in [*sources("treecore"), *sources("app")]
        if part(path) != "cli"
        for node in ast.walk(ast.parse(path.read_text()))
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
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and is_global_randomness(node)
        and not (ast.unparse(node.func).startswith("random.") and not imports_random(path))
    ]
    assert wrong == []


def imports_random(path: Path) -> bool:
    return any(entry.name == "random" for entry in imports(path))


@pytest.mark.parametrize(
    "code",
    [
        "import treecore; treecore.read({path!r})",
        "import treecore; treecore.credit(treecore.read({path!r}), 'grpo')",
        "from treecore.cli import main; main(['credit', {path!r}, '--method', 'grpo'], standalone_mode=False)",
        "from treecore.cli import main; main(['show', {path!r}, '--method', 'grpo'], standalone_mode=False)",
        "from treecore.cli import main; main(['validate', {path!r}], standalone_mode=False)",
        "from treecore.cli import main; main(['--help'], standalone_mode=False)",
        "from treecore.cli import main; main(['methods'], standalone_mode=False)",
        "from treecore.cli import main; main(['samplers'], standalone_mode=False)",
    ],
)
def test_opening_a_forest_imports_nothing_heavy(tmp_path: Path, code: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        '{"format":"treecore/1","nodes":[{"id":0,"parent":null},{"id":1,"parent":0,"reward":1},'
        '{"id":2,"parent":0,"reward":0}]}'
    )
    check = "import sys; loaded = {'torch','transformers','pandas','streamlit','networkx','plotly'} & set(sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code.format(path=str(path))}; {check}; sys.exit(str(loaded) if loaded else 0)"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)


def test_warnings_of_our_own_modules_are_errors() -> None:
    """Of each module that is there, and of no other."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["filterwarnings"]
    ours = [line.removeprefix("error:::") for line in told if line.startswith("error:::")]
    helpers = {path.stem for path in (ROOT / "tests" / "support").glob("*.py")}
    modules = (path for part in ("treecore", "app", "tests") for path in sources(part))
    names = helpers | {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in modules}
    assert [name for name in sorted(names) if not any(re.match(one, name) for one in ours)] == []
    assert not any(re.match(one, name) for one in ours for name in ("transformers", "torch.nn", "applib", "streamlit"))


MAX_PARAMETERS = 7
DOORS = {
    "load_policy": "every option of a server and of a loaded model, by name",
    "add": "a node's fields, by name (`ForestBuilder.add`)",
    "credit_method": "a declaration",
    "sampler": "a declaration",
}
"""Public functions that may take more, all but the first by name."""
DECLARED = ("sampler", "command", "task")
"""Decorators and names of factories whose parameters are settings that a user names."""
IN_ORDER = {
    ("a", "b"), ("before", "after"), ("found", "wanted"), ("done", "total"), ("start", "end"), ("slot", "start"),
    ("rows", "length"), ("slots", "length"), ("rows", "n_valid"), ("source", "target"), ("beside", "target"),
    ("key_states", "value_states"), ("ids", "position"), ("url", "model"), ("name", "why"),
}  # fmt: skip
"""Pairs whose order is that of a range, a comparison, a shape, a move, an interface of transformers, or a sentence."""
BY_NAME = ("annotate", "cli", "policies", "rollouts", "samplers")
"""Parts of the package in which all other pairs of one type are given by name."""


class Function(NamedTuple):
    """A function with its parameters, `self` and `cls` left out."""

    place: str
    node: ast.FunctionDef | ast.AsyncFunctionDef
    by_position: list[ast.arg]
    by_name: list[ast.arg]

    @property
    def is_declared(self) -> bool:
        """Whether its parameters are settings or options of a command line, which are given by name."""
        words = [ast.unparse(one).split("(")[0].split(".")[-1] for one in self.node.decorator_list]
        return any(word in DECLARED for word in words) or self.node.name.endswith("_task")


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = [arg for arg in (*node.args.posonlyargs, *node.args.args) if arg.arg not in ("self", "cls")]
            yield Function(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node, given, node.args.kwonlyargs)


def mistakable(function: Function) -> list[str]:
    """Neighbours of one type that are given by position."""
    pairs = zip(function.by_position, function.by_position[1:], strict=False)
    return [
        f"{function.place}: {one.arg}, {other.arg}"
        for one, other in pairs
        if one.annotation is not None
        and other.annotation is not None
        and ast.unparse(one.annotation) == ast.unparse(other.annotation) != "Any"
        and (one.arg, other.arg) not in IN_ORDER
    ]


FUNCTIONS = [found for folder in ("treecore", "app") for path in sources(folder) for found in functions(path)]


def test_no_function_takes_more_than_seven_parameters() -> None:
    wrong = [
        one.place
        for one in FUNCTIONS
        if len(one.by_position) + len(one.by_name) > MAX_PARAMETERS
        and not one.is_declared
        and not (one.node.name in DOORS and len(one.by_position) <= 1)
    ]
    assert wrong == []


def test_neighbours_of_one_type_are_given_by_name() -> None:
    wrong = [
        pair
        for one in FUNCTIONS
        if not one.is_declared and (one.place.startswith("app") or one.place.split("/")[1] in BY_NAME)
        for pair in mistakable(one)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("code", "pairs"),
    [
        ("def f(temperature: float, seed: float): ...", 1),
        ("def f(a: int, *, b: int, c: int): ...", 0),
        ("class A:\n    def f(self, name: str, word: str, text: str): ...", 2),
        ("def f(start: int, end: int, other: str): ...", 0),
    ],
)
def test_pairs_that_can_be_mistaken_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, pairs: int
) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "a.py").write_text(code)
    assert [len(mistakable(one)) for one in functions(tmp_path / "a.py")] == [pairs]
