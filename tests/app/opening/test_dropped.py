"""Files of every kind, dropped on the menu in a real browser: each reaches drawn trees, with credit where it can be."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from browser import Open, settled, wait_for_canvas
from cases import files_of, folders
from hostile import ATTACKS, HOST

import treecore as tc
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.errors import TreecoreError
from treecore.formats import read
from treecore.methods import method_for

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_charts")]
PARTS = 8
TRANSFER = """([name, data]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], name));
    return transfer;
}"""
HOSTILE = ("markdown image", "html image", "script", "svg", "directives")


def packed(folder: Path) -> tuple[str, bytes]:
    """The one file of a case, or all of them as an archive, as a visitor would drop a folder."""
    paths = files_of(folder)
    if len(paths) == 1:
        return paths[0].name, paths[0].read_bytes()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as whole:
        for path in paths:
            whole.writestr(path.relative_to(folder).as_posix(), path.read_bytes())
    return f"{folder.name}.zip", archive.getvalue()


def drop(page: Any, name: str, data: bytes) -> None:
    """Drop a file where the menu takes files."""
    page.locator(".st-key-controls").get_by_role("button").first.click()
    zone = page.locator(".st-key-upload [data-testid=stFileUploaderDropzone]")
    zone.wait_for()
    transfer = page.evaluate_handle(TRANSFER, [name, base64.b64encode(data).decode()])
    zone.dispatch_event("drop", {"dataTransfer": transfer})


def can_be_credited(forests: list[Forest]) -> bool:
    """Whether the method that the app chooses runs on them."""
    batch = Forests(forests)
    try:
        tc.credit(batch, method_for(batch, "tree_grpo", {}))
    except TreecoreError:
        return False
    return True


@pytest.mark.parametrize("part", range(PARTS))
def test_a_file_of_each_kind_reaches_its_trees(open_page: Open, address: str, part: int) -> None:
    page = open_page("about:blank")
    for folder in folders()[part::PARTS]:
        name, data = packed(folder)
        page.goto(f"{address}/?sample=by_hand")
        wait_for_canvas(page)
        drop(page, name, data)
        page.wait_for_url("**file=*")
        page.locator(".st-key-receipt", has_text=name).wait_for()
        settled(page)
        wait_for_canvas(page)
        forests = read(data, name=name)
        drawn = page.locator(".tc-gradient").count() > 0
        assert drawn == can_be_credited(forests), folder.name


def test_a_folder_and_then_a_file_dropped_on_the_page(open_page: Open, address: str, tmp_path: Path) -> None:
    for step in (1, 2):
        rows = [{"input": "2+3?", "output": f"way {n}\nend", "gts": "5", "score": n, "step": step} for n in (0, 1)]
        (tmp_path / "run").mkdir(exist_ok=True)
        (tmp_path / "run" / f"{step}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    page = open_page(f"{address}/?sample=by_hand")
    wait_for_canvas(page)
    page.locator(".st-key-controls").get_by_role("button").first.click()
    page.locator(".st-key-upload_folder input[type=file]").set_input_files(str(tmp_path / "run"))
    receipt = page.locator(".st-key-receipt")
    receipt.get_by_text("1 prompt at 2 training steps, 4 trajectories, 4 with an outcome").wait_for()
    page.locator("[data-testid=stPopoverBody]").wait_for(state="hidden")
    settled(page)
    own = [{"task": f"what is 2 and {n // 2} ?", "said": f"let me think {n}", "ok": n % 2 == 0} for n in range(4)]
    data = base64.b64encode("\n".join(map(json.dumps, own)).encode()).decode()
    transfer = page.evaluate_handle(TRANSFER, ["mine.jsonl", data])
    page.locator(".stMain").dispatch_event("drop", {"dataTransfer": transfer})
    page.locator(".st-key-map_open button").wait_for()
    settled(page)
    page.locator(".st-key-map_open button").click()
    receipt.get_by_text("2 prompts, 4 trajectories, 4 with an outcome").wait_for()
    settled(page)
    page.wait_for_url("**map=prompt*")
    page.reload()
    page.locator(".st-key-kept_open button").click()
    receipt.get_by_text("mine.jsonl").wait_for()
    settled(page)


def hostile_tables() -> dict[str, bytes]:
    """Tables in five containers and formats whose every word is an attack."""
    words = [ATTACKS[attack].replace("MARK", "h0z") for attack in HOSTILE]
    own = [{words[0]: words[1], words[2]: words[3], "n": number} for number in range(2)]
    rows = [{"prompt": words[0], "completion": f"{words[number]}\n{words[2]}", "reward": number} for number in range(2)]
    chat = [
        {"messages": [{"role": "user", "content": words[1]}, {"role": "assistant", "content": words[3]}], "reward": 1.0}
    ]
    verl = [{"input": words[4], "output": words[number], "gts": words[0], "score": 1.0, "step": 1} for number in (1, 2)]
    tree = {"id": "a", "text": words[0], "children": [{"id": words[1], "text": words[2], "reward": 1.0}]}

    def lines(values: list[Any]) -> bytes:
        return b"\n".join(json.dumps(value).encode() for value in values)

    return {
        f"{words[1][:40].replace('/', '_')}.jsonl": lines(own),
        "usual.jsonl": lines(rows),
        "chats.jsonl": lines(chat),
        "verl.jsonl": lines(verl),
        "tree.json": json.dumps(tree).encode(),
    }


LOADED = """(host) => [...document.querySelectorAll('*')].filter((one) =>
    ['href', 'src', 'data', 'action'].some((name) => (one.getAttribute(name) || '').includes(host))).length"""


def test_words_of_uploads_in_five_formats_are_only_words(open_page: Open, address: str) -> None:
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if HOST in request.url.split("?")[0] else None)
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    for name, data in hostile_tables().items():
        page.goto(f"{address}/?sample=by_hand")
        wait_for_canvas(page)
        drop(page, name, data)
        page.locator(".st-key-mapping, .st-key-receipt").first.wait_for()
        settled(page)
        assert page.evaluate(LOADED, HOST) == 0, name
        page.keyboard.press("Escape")
    assert asked == []
