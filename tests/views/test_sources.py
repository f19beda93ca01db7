"""Modules of a component joined into one: order, circles, names, and that they run joined and as they are."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import ROOT
from scripts import needs_node, printed

from app.canvas import make_scene
from treecore.core.forest import Forest
from treecore.methods import compute
from treecore.views.sources import closed, script

ENTRIES = {
    "canvas": "canvas/js/main.js",
    "loader": "canvas/loader.js",
    "panel": "panel/panel.js",
    "keys": "signals/film_keys.js",
    "marks": "signals/chart_marks.js",
    "selection": "signals/selection.js",
    "page": "page/page.js",
    "widget": "page/widget.js",
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """`write(a=..., b=...)` writes modules `a.js`, `b.js`; gives the first."""

    def write_(**texts: str) -> Path:
        for name, text in texts.items():
            (tmp_path / f"{name}.js").write_text(text)
        return tmp_path / f"{next(iter(texts))}.js"

    return write_


def test_each_module_follows_what_it_imports(write: Callable[..., Path]) -> None:
    entry = write(
        a='import { b } from "./b.js";\nimport {\n  c,\n} from "./c.js";\n\nexport default function a() {\n b(c);\n}',
        b='import { c } from "./c.js";\n\n/** A. */\nexport function b(x) {\n  // Why.\n  return x + c;\n}',
        c="export const c = 1;\n",
    )
    assert script(entry).splitlines() == [
        "const c=1;",
        "function b(x){",
        "return x + c;",
        "}",
        "export default function a(){",
        "b(c);",
        "}",
    ]


def test_a_json_file_is_a_constant(write: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('{\n "one": 1\n}\n')
    entry = write(a='import D from "./d.json" with { type: "json" };\nexport const two = D.one + 1;\n')
    assert script(entry) == 'const D = {"one": 1};\nexport const two=D.one + 1;'


def test_a_type_within_a_line_takes_no_code_along(write: Callable[..., Path]) -> None:
    entry = write(a="/** A. */\nconst a = f(\n  /** @type {A} */ (b),\n);\n/** B. */\nconst c = 1;\n")
    assert script(entry).splitlines() == ["const a=f(", "(b),", ");", "const c=1;"]


@needs_node
def test_functions_may_import_each_other_in_a_circle(write: Callable[..., Path]) -> None:
    entry = write(
        even='import { odd } from "./odd.js";\nexport function even(n) {\n  return n === 0 || odd(n - 1);\n}\n',
        odd='import { even } from "./even.js";\nexport function odd(n) {\n  return n > 0 && even(n - 1);\n}\n',
    )
    joined = script(entry)
    assert joined.count("function odd") == joined.count("function even") == 1
    told = printed(joined + "\nconsole.log(even(10), even(7));")
    assert told.split() == ["true", "false"]


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ('import { b } from "./b.js";\nconst x = 1;\n', "const x = 2;\nexport const b = x;\n", "both have a `x`"),
        ('import { b } from "./b.js";\n', "const b = 2;\n", "does not export"),
        ('import { b as c } from "./b.js";\n', "export const b = 2;\n", "does not export"),
        ('import * as b from "./b.js";\n', "export const b = 2;\n", "cannot join `import"),
        ('import { b } from "./b.js";\n', "const c = 1;\nexport { c };\nexport const b = 2;\n", "cannot join `export"),
    ],
)
def test_what_cannot_be_joined_is_refused(write: Callable[..., Path], a: str, b: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        script(write(a=a, b=b))


def test_an_installed_app_finds_the_data_of_the_package(tmp_path: Path) -> None:
    bundle = tmp_path / "treecore" / "bundle"
    shutil.copytree(ROOT / "app", bundle / "app", ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    assert script(bundle / "app" / "canvas" / "js" / "main.js") == script(ROOT / "app" / "canvas" / "js" / "main.js")


def test_a_closed_module_gives_its_exports(write: Callable[..., Path]) -> None:
    entry = write(
        a='import { b } from "./b.js";\nexport default function one() {\n  b();\n}\nexport function two() {\n}\n',
        b="export function b() {\n  return 1;\n}\n",
    )
    text = closed(entry)
    assert text.startswith("(()=>{\n")
    assert text.endswith("\nreturn {run:one,two};\n})()")
    assert "export" not in text
    with pytest.raises(ValueError, match="exports something else"):
        closed(write(c="export const c = 1;\n"))


@needs_node
@pytest.mark.parametrize("entry", ENTRIES.values(), ids=list(ENTRIES))
def test_what_is_joined_is_one_module(entry: str, tmp_path: Path) -> None:
    joined = script(ROOT / "app" / entry)
    assert "import {" not in joined
    assert joined.count("export default") == 1
    path = tmp_path / "joined.mjs"
    path.write_text(joined)
    subprocess.run(["node", "--check", str(path)], check=True)


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, without a line for each request."""

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def served() -> Iterator[str]:
    """Address under which the files of the project are, as they are."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(ROOT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.browser
def test_a_page_can_import_the_canvas_as_it_is(open_page: Callable[..., Any], served: str) -> None:
    forest = Forest(np.array([-1, 0, 0]), reward=np.array([np.nan, 0.0, 1.0]))
    scene = make_scene(forest, compute(forest, "spo_tree"))
    parts = {"forest": scene.forest.body.decode(), "look": scene.look.body.decode(), "style": ""}
    page = open_page(f"{served}/app/canvas/canvas.css")
    page.evaluate(
        """async (parts) => {
            const { default: run } = await import("/app/canvas/js/main.js");
            const head = { style: "style", forest: "forest", look: "look", key: "page", height: 500, linked: false };
            run({ head, text: (name) => parts[name], host: document.body });
        }""",
        parts,
    )
    page.wait_for_function("() => document.querySelector('.tc-canvas')?.treecore.ready")
    held = "document.querySelector('.tc-canvas').treecore"
    assert page.evaluate(f"{held}.scene.digest") == scene["digest"]
    assert page.evaluate(f"{held}.position({json.dumps(scene['id'][2])})") is not None
