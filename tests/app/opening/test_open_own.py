"""Files of other tools, folders and tables of one's own: each reaches a drawn tree with credit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import finish_opening, in_menu
from streamlit.testing.v1 import AppTest

from app.opening import audits, mapping_form, open_menu
from app.opening.draft import UnmappedError, draft_of
from app.opening.merging import is_flat, merge_all, rules, shared
from app.opening.reading import read
from tests.support.hostile import ATTACKS
from treecore.bundled import samples
from treecore.exports import EXPORTS

MAIN = str(Path(__file__).parents[3] / "app" / "main.py")
DATA = Path(__file__).parents[2] / "formats" / "readers" / "data"
TABLE = b"q,a,mark\nwhat is 1+1?,one\\nand two,1\nwhat is 1+1?,one\\nand three,0\n"
NAMED = {"prompt": "q", "answer": "a", "reward": "mark"}
COLUMNS = {"prompt": "prompt", "answer": "completion", "reward": "reward"}
OWN = {
    "verl dump": "verl_dumps",
    "TRL folder": "trl-1.16.0-plain",
    "inspect log": "inspect_ai-0.3.285-json",
    "PRM800K": "prm800k",
}
"""What a newcomer has -> folder of fixtures."""


def files_of(folder: str) -> dict[str, bytes]:
    aside = ("README.md", "expected.json")
    found = sorted(path for path in (DATA / folder).rglob("*") if path.is_file() and path.name not in aside)
    return {path.relative_to(DATA / folder).as_posix(): path.read_bytes() for path in found}


def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes], **query: str) -> AppTest:
    """The app, started with a file or a folder of one's own."""
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    given = tmp_path / next(iter(files)) if len(files) == 1 else tmp_path
    monkeypatch.setenv("TREECORE_FILE", str(given))
    test = AppTest.from_file(MAIN, default_timeout=60)
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    finish_opening(test)
    return test


def open_by_columns(test: AppTest) -> None:
    """Name the columns of `TABLE`, and open it."""
    for role, name in NAMED.items():
        test.selectbox(key=f"map:{role}").set_value(name)
    test.run().button(key="map_open").click().run()
    finish_opening(test)
    assert not test.exception


def words(test: AppTest) -> str:
    return "\n".join(block.value for block in [*test.caption, *test.success, *test.info, *test.error, *test.warning])


@pytest.mark.parametrize("kind", list(OWN))
def test_rollouts_of_others_reach_a_tree_with_credit(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = app(tmp_path, monkeypatch, files_of(OWN[kind]))
    assert not test.exception
    assert not test.error
    opened = test.session_state["opened"]
    assert opened.sample == ""
    assert opened.report.format != "treecore"
    assert opened.report.title in words(test)
    if opened.report.n_scored:  # PRM800K labels steps, and scores no answer
        assert test.session_state["credit"][2] is not None


def test_a_table_of_ones_own_is_opened_by_naming_its_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = app(tmp_path, monkeypatch, {"mine.csv": TABLE})
    asked = "Choose the column that holds the prompt and the one that holds the answer."
    assert not test.error
    assert asked in [caption.value for caption in test.caption]
    test.button(key="map_open").click().run()
    assert [error.value for error in test.error] == [asked]
    open_by_columns(test)
    assert "map_open" not in [button.key for button in test.button]
    assert test.session_state["opened"].report.n_scored == 2
    assert "table by named columns: 1 prompt, 2 trajectories, 2 with an outcome." in words(test)


def test_tables_of_a_folder_are_opened_by_one_mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = TABLE.replace(b"1+1", b"2+2")
    test = app(tmp_path, monkeypatch, {"readme.txt": b"mine", "one.csv": TABLE, "two.csv": other})
    assert "These are the columns of one.csv." in words(test)
    open_by_columns(test)
    assert "table by named columns: 2 prompts, 4 trajectories, 4 with an outcome." in words(test)
    assert dict(test.session_state["opened"].table.named) == NAMED


def test_uploads_that_are_tables_are_opened_by_one_mapping() -> None:
    files = {"two.csv": TABLE.replace(b"1+1", b"2+2"), "one.csv": TABLE}
    with pytest.raises(UnmappedError) as error:
        read(files, "one.csv and 1 more file")
    draft = error.value.draft
    assert (draft.given, draft.size, draft.columns) == (files, 2 * len(TABLE), ("q", "a", "mark"))
    opened = read(draft.given, draft.name, columns=NAMED)
    assert [len(forest.leaves) for forest in opened.forests] == [2, 2]
    assert opened.table is not None
    assert opened.table.given == files


def test_claims_of_a_file_are_explained_beside_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = app(tmp_path, monkeypatch, files_of("trl-1.16.0-plain"))
    work = audits.audit_of(test.session_state["opened"])
    assert work is not None
    assert work.wait(60)
    test.run()
    assert not test.exception
    assert "How the claims were made" in words(test)
    said = next(block.value for block in test.caption if "advantage" in block.value and "these are" in block.value)
    assert "these are GRPO with std, ddof 1, epsilon 1e-4, " in said
    assert "`grpo`" not in said
    assert len([block for block in test.caption if "these are" in block.value and "agree." in block.value]) == 3
    assert "values agree" in said


def test_the_method_that_a_file_was_made_with_is_put_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = app(tmp_path, monkeypatch, files_of("trl-1.16.0-plain"), method="tree_grpo")
    assert (work := audits.audit_of(test.session_state["opened"])) is not None
    assert work.wait(60)
    test.run()
    test.button(key="show_by:receipt:0").click().run()
    assert not test.exception
    credit = test.session_state["credit"][2]
    assert (credit.method, credit.params) == ("grpo", {"epsilon": 1e-4, "ddof": 1})
    assert "show_by:receipt:0" not in [button.key for button in test.button]
    claim = np.concatenate([forest.claimed["advantage"] for forest in credit.forests])
    known = np.isfinite(claim) & credit.forests.scored
    assert known.any()
    assert np.allclose(credit.credit[known], claim[known], atol=1e-5)


def test_a_file_without_claims_has_no_audit() -> None:
    assert audits.audit_of(read(chats(), "mine.jsonl", columns=COLUMNS)) is None


def test_a_table_with_usual_columns_opens_without_the_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = app(tmp_path, monkeypatch, {"mine.jsonl": chats()})
    assert not test.exception
    assert "map_open" not in [button.key for button in test.button]
    assert "column 'reward' is the reward, by its name" in words(test)
    assert test.session_state["credit"][2] is not None


def test_a_usual_table_with_a_wrong_reward_asks_for_its_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = b'{"prompt": "p", "completion": "a", "reward": "very good"}\n'
    test = app(tmp_path, monkeypatch, {"mine.jsonl": rows * 2})
    assert not test.exception
    assert test.selectbox(key="map:reward").value == "reward"
    assert "is no number" in words(test)
    assert "--map" not in words(test)


def test_a_wrong_column_says_so_and_the_form_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = app(tmp_path, monkeypatch, {"mine.csv": TABLE})
    for role, name in (("prompt", "q"), ("answer", "a"), ("reward", "a")):
        test.selectbox(key=f"map:{role}").set_value(name)
    test.run()
    test.button(key="map_open").click().run()
    assert any("is no number" in error.value for error in test.error)
    assert test.selectbox(key="map:reward").value == "a"
    test.button(key="map_cancel").click().run()
    assert "map_open" not in [button.key for button in test.button]


def test_the_way_back_from_guessed_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = app(tmp_path, monkeypatch, {"mine.jsonl": chats()})
    assert "table with usual columns: 1 prompt, 2 trajectories" in "".join(one.value for one in test.markdown)
    test.button(key="receipt_columns").click().run()
    assert test.selectbox(key="map:prompt").value == "prompt"
    assert test.selectbox(key="map:reward").value == "reward"
    assert "Its columns were guessed by their names." in words(test)
    test.selectbox(key="map:reward").set_value("").run()
    test.button(key="map_open").click().run()
    assert not test.exception
    assert test.session_state["opened"].report.n_scored == 0
    assert test.query_params["map"] in (["prompt=prompt&answer=completion"], "prompt=prompt&answer=completion")
    test.button(key="receipt_columns").click().run()
    assert test.selectbox(key="map:reward").value == ""
    assert "This is how it is open now." in words(test)
    test.button(key="map_cancel").click().run()
    test.segmented_control(key="view").set_value("library").run()
    assert "receipt_close" not in [button.key for button in test.button]
    test.segmented_control(key="view").set_value("explore").run()
    test.button(key="receipt_close").click().run()
    assert "receipt_close" not in [button.key for button in test.button]


def test_columns_that_were_named_once_are_offered_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = app(tmp_path, monkeypatch, {"mine.csv": TABLE})
    for role, name in (("prompt", "q"), ("answer", "mark")):
        test.selectbox(key=f"map:{role}").set_value(name)
    test.run()
    test.button(key="map_open").click().run()
    other = tmp_path / "other.csv"
    other.write_bytes(TABLE + b"3?,three,1\n")
    monkeypatch.setattr(open_menu.permissions, "is_private", lambda: True)
    test.run()
    test.text_input(key="open_path").set_value(str(other)).run()
    assert not test.exception
    assert [test.selectbox(key=f"map:{role}").value for role in ("prompt", "answer", "reward")] == ["q", "mark", ""]


def test_a_mapping_is_saved_and_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    draft = draft_of(TABLE, name="mine.csv", found="a table")
    held: dict[str, Any] = {}
    monkeypatch.setattr(mapping_form.state, "draft", lambda: draft)
    monkeypatch.setattr(mapping_form.state, "get", lambda name: File("columns.json", held["file"]))
    monkeypatch.setattr(mapping_form.state, "put", held.update)
    for content, said in (
        (b'{"prompt": "q", "answer": "a"}', ""),
        (b'{"prompt": "gone"}', "columns.json: the table has no column 'gone'"),
        (b'{"colour": "q"}', "columns.json: this is no mapping"),
        (b"[", "columns.json: this is no mapping"),
    ):
        held["file"] = content
        mapping_form.take_mapping()
        assert held["upload_error"].startswith(said)
        assert bool(said) == bool(held["upload_error"])
    assert (held["map:prompt"], held["map:answer"], held["map:reward"]) == ("q", "a", "")


@pytest.mark.parametrize("attack", ["markdown image", "html image", "script", "direction", "nothing and controls"])
def test_words_of_a_table_are_only_words(attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{f"c {ATTACKS[attack]}": ATTACKS[attack], "mine": number} for number in range(2)]
    test = app(tmp_path, monkeypatch, {"mine.json": json.dumps(rows).encode()})
    assert not test.exception
    assert test.button(key="map_open")


def test_unknown_nested_json_names_its_fields() -> None:
    rows = [{"meta": {"q": "x", "a": "y"}, "n": 1}] * 2
    with pytest.raises(UnmappedError) as caught:
        read(json.dumps(rows).encode(), "mine.json")
    assert caught.value.draft.columns == ("meta", "n", "meta.q", "meta.a")
    assert "meta" in caught.value.draft.found


def test_a_damaged_forest_of_ours_is_no_table() -> None:
    with pytest.raises(Exception, match="format") as caught:
        read(b'{"format": "treecore/9", "nodes": []}\n{"format": "treecore/9", "nodes": []}\n', "a.forest.jsonl")
    assert not isinstance(caught.value, UnmappedError)


def test_merging_is_said_in_numbers_and_changes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = app(tmp_path, monkeypatch, files_of(OWN["TRL folder"]))
    given = test.session_state["opened"]
    assert is_flat(given)
    assert in_menu(test.toggle, "merging").value
    before = [len(forest) for forest in given.forests]
    assert "merge" not in test.query_params
    in_menu(test.toggle, "merging").set_value(False).run()
    assert not test.exception
    assert test.query_params["merge"] in ("off", ["off"])
    in_menu(test.toggle, "merging").set_value(True).run()
    in_menu(test.selectbox, "merge_by").set_value("lines").run()
    assert not test.exception
    assert test.query_params["merge"] in ("lines", ["lines"])
    assert "steps are shared" in words(test)
    assert [len(forest) for forest in given.forests] == before


def chats() -> bytes:
    rows = [{"prompt": "p", "completion": f"first\nsecond\n{last}", "reward": float(last)} for last in (0, 1)]
    return b"\n".join(json.dumps(row).encode() for row in rows)


def test_what_is_shared_is_counted() -> None:
    opened = read(chats(), "mine.jsonl", columns=COLUMNS)
    assert "tokens" not in rules(opened)
    found = merge_all(opened, "lines")
    assert shared(found.forests[0]) == "2 of 6 steps are shared (lines)"
    assert found.key != opened.key
    assert shared(opened.forests[0]) == ""


@pytest.mark.parametrize("rule", ["nonsense", "tokens", "../x"])
def test_a_rule_that_there_is_not_is_told(rule: str) -> None:
    test = AppTest.from_file(MAIN, default_timeout=60)
    test.query_params["sample"], test.query_params["merge"] = "by_hand", rule
    test.run()
    assert not test.exception
    assert "no way to merge called" in words(test)


def test_samples_are_shown_as_they_were_drawn() -> None:
    for name in samples():
        test = AppTest.from_file(MAIN, default_timeout=60)
        test.query_params["sample"] = name
        test.run()
        assert not test.exception
        assert "merge" not in test.query_params


@pytest.mark.parametrize("kind", list(EXPORTS))
def test_every_kind_of_export_is_made_and_offered(kind: str) -> None:
    test = AppTest.from_file(MAIN, default_timeout=60)
    test.query_params["sample"] = "by_hand"
    test.run()
    test.selectbox(key="export_kind").set_value(kind).run()
    test.button(key="export:one").click().run()
    if (going := test.session_state["export_job"]) is not None:
        assert going.wait(60)
        test.run()
    assert not test.exception
    assert not test.error
    made: Any = test.session_state["exported"]
    assert made.data
    assert made.name.endswith(EXPORTS[kind].endings[0])
    assert set(made.name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def test_a_public_visitor_names_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.jsonl").write_bytes(chats())
    monkeypatch.setenv("TREECORE_PUBLIC", "1")
    test = AppTest.from_file(MAIN, default_timeout=60).run()
    assert "open_path" not in [field.key for field in test.text_input]
    monkeypatch.setattr(open_menu.state, "get", lambda name: str(tmp_path))
    monkeypatch.setattr(open_menu.state, "put", lambda values: None)
    began: list[object] = []
    monkeypatch.setattr(open_menu.state, "open_given", lambda *given: began.append(given))
    open_menu.take_path()
    assert began == []
    monkeypatch.delenv("TREECORE_PUBLIC")
    monkeypatch.setattr(open_menu.permissions, "is_private", lambda: True)
    open_menu.take_path()
    assert began == [(tmp_path, tmp_path.name)]


class File:
    """A file as a field of the page gives it."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.data, self.size = name, data, len(data)

    def getvalue(self) -> bytes:
        return self.data


def test_files_of_one_name_are_all_read() -> None:
    assert open_menu.by_name([File("a", b"1"), File("a", b"2"), File("b", b"3")]) == {
        "a": b"1",
        "2/a": b"2",
        "b": b"3",
    }
    assert open_menu.called("run/a.jsonl", 3) == "run"
    assert open_menu.called("a.jsonl", 3) == "a.jsonl and 2 more files"


def test_rows_inside_an_object_are_mapped_by_their_own_columns() -> None:
    rows = [{"q": "1+1?", "said": "two", "mark": "yes"}] * 2
    content = json.dumps({"run": "x", "results": rows}).encode()
    draft = draft_of(content, name="mine.json", found="")
    assert draft is not None
    assert draft.columns == ("q", "said", "mark")
    named = {"prompt": "q", "answer": "said", "reward": "mark"}
    assert read(content, "mine.json", columns=named).forests.n_scored.sum() == 4
