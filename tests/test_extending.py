"""The examples of docs/extending.md, installed as a package, are found and work with no other file touched."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from plugged import install

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "extending.md").read_text()
PROGRAM = "from treecore.cli import main; main()"
APP = f"""
from streamlit.testing.v1 import AppTest
test = AppTest.from_file({str(ROOT / "app" / "main.py")!r}, default_timeout=60)
test.query_params["view"] = "outline"
test.query_params["method"] = "my_leave_one_out"
test.run()
assert not test.exception, test.exception
from app.opening.open_menu import readable
from app.view_registry import VIEWS
print(test.session_state["view"], test.session_state["method"], VIEWS["outline"].title, ".arrows" in readable())
"""
AGAINST = """
from treecore.analysis.references import terms_of
from treecore.methods import get_method
method = get_method("my_leave_one_out")
print(*(term.against for term in terms_of(method, method.defaults)))
"""
OFFERED = f"""
import os
os.environ["TREECORE_PUBLIC"] = "{{public}}"
import streamlit
from streamlit.testing.v1 import AppTest
streamlit.config.set_option("server.address", "localhost")
test = AppTest.from_file({str(ROOT / "app" / "main.py")!r}, default_timeout=60)
test.query_params["view"] = "rollout"
test.run()
assert not test.exception, test.exception
from app.rollout.form_values import sampler_options, tasks
from treecore.samplers import SAMPLERS
fields = [one.name for one in sampler_options(SAMPLERS["mcts"])]
print("adding" in tasks().titles, "my_second_tries" in SAMPLERS, "value" in fields)
"""
"""Whether a visitor is offered the task and the sampler of a plug-in, and a field that may name a critic."""

BETWEEN = "~~~"
LISTS = f"""
import sys
from treecore.cli import main
for number, name in enumerate(sys.argv[1:]):
    print({BETWEEN!r} * (number > 0))
    main([name], standalone_mode=False)
"""
EXAMPLES = {
    "methods": ["my_leave_one_out: Leave-one-out siblings (tree)"],
    "samplers": ["my_second_tries: Second tries (tree)"],
    "tasks": ["adding: Adding"],
    "formats": ["arrows: arrows", "journal: Journal"],
    "verifiers": ["same_length: Same length"],
}
"""List of the command line -> lines that the examples bring."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plugged")
    modules = dict(re.findall(r"```python\n# (\w+)\.py\n(.*?)```", PAGE, re.S))
    written = tomllib.loads(re.findall(r"```toml\n(.*?)```", PAGE, re.S)[0])["project"]["entry-points"]
    assert len(modules) == sum(map(len, written.values())) == 9
    install(folder, "my_package", modules, written)
    (folder / "x.arrows").write_text("-> one -> two")
    (folder / "run.jsonl").write_text('{"question": "a?", "steps": ["b", "c"], "won": 1, "seconds": 2}\n')
    (folder / "q.jsonl").write_text('{"prompt": "Say abc", "answer": "abc"}\n')
    return folder


def run(home: Path, *arguments: str, program: str = PROGRAM) -> str:
    path = os.pathsep.join([str(home), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=home,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "is left out" not in done.stderr
    return done.stdout


def test_lists_have_the_examples(home: Path) -> None:
    lists = run(home, *EXAMPLES, program=LISTS).split(BETWEEN)
    for (name, lines), listed in zip(EXAMPLES.items(), lists, strict=True):
        assert [line for line in lines if line not in listed] == [], name


def test_the_command_line_uses_the_examples(home: Path) -> None:
    run(home, "convert", "x.arrows", "-o", "x.forest.jsonl")
    assert '"two"' in (home / "x.forest.jsonl").read_text()
    run(home, "convert", "run.jsonl", "-o", "r.forest.jsonl")
    assert '"reward":1' in (home / "r.forest.jsonl").read_text()
    wanted = ("--model", "tiny", "--sampler", "my_second_tries", "--prompts", "1")
    run(home, "rollout", "--task", "adding", *wanted, "-o", "a.forest.jsonl")
    run(home, "rollout", "--task", "q.jsonl", "--verifier", "same_length slack=1", *wanted, "-o", "q.forest.jsonl")
    assert run(home, "credit", "a.forest.jsonl", "--method", "my_leave_one_out")


def test_a_method_says_what_it_measures_against(home: Path) -> None:
    assert run(home, program=AGAINST).split() == ["siblings"]


def test_the_command_line_uses_the_critic_and_the_annotation(home: Path) -> None:
    search = ("--sampler", "mcts", "--set", "value=brief", "--set", "simulations=2", "--prompts", "1")
    run(home, "rollout", "--task", "countdown", "--model", "tiny", *search, "-o", "c.forest.jsonl")
    assert '"short answers"' in (home / "c.forest.jsonl").read_text()
    run(home, "annotate", "c.forest.jsonl", "--kind", "ends", "-o", "d.forest.jsonl")
    assert '"ends"' in (home / "d.forest.jsonl").read_text()


@pytest.mark.parametrize(("public", "more"), [("", True), ("1", False)])
def test_a_public_server_offers_no_task_and_no_critic_of_plug_ins(home: Path, public: str, more: bool) -> None:
    said = run(home, program=OFFERED.format(public=public)).split()
    assert said == [str(more), "True", str(more)]


def test_the_app_shows_the_examples(home: Path) -> None:
    assert run(home, program=APP).split() == ["outline", "my_leave_one_out", "Outline", "True"]
