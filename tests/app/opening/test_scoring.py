"""Answers without an outcome are scored beside the page, and say so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from browser import Open
from pages import MAIN, finish_opening
from streamlit.testing.v1 import AppTest

from app.opening.scored import CHOICES, proposed, scored, unscored
from app.state import open_files
from treecore import quotas
from treecore.errors import TaskError
from treecore.tasks.verifiers import VERIFIERS

ROWS = [{"prompt": "3*4+2?", "completion": f"12+2\nIt is {last}", "gold": "14"} for last in (14, 15)]
COLUMNS = {"prompt": "prompt", "answer": "completion", "reference": "gold"}


def content(rows: list[dict[str, str]] = ROWS) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page with answers that have a reference and no outcome."""
    monkeypatch.setenv("TREECORE_FILE", str(lm_eval(tmp_path)))
    test = AppTest.from_file(str(MAIN), default_timeout=60).run()
    finish_opening(test)
    assert not test.exception
    return test


def lm_eval(folder: Path) -> Path:
    """Samples as lm-eval keeps them: scores of documents, none of a single answer."""
    path = folder / "samples_arithmetic_2025-01-01T00-00-00.000000.jsonl"
    row = {
        "doc_id": 0,
        "doc": {"question": "3*4+2?"},
        "target": "14",
        "arguments": {"gen_args_0": {"arg_0": "3*4+2?", "arg_1": {}}},
        "resps": [[row["completion"] for row in ROWS]],
        "filtered_resps": ["14"],
        "filter": "none",
        "metrics": ["exact_match"],
        "exact_match": 1.0,
    }
    path.write_text(json.dumps(row) + "\n")
    return path


def keys(test: AppTest) -> list[str]:
    return [str(button.key) for button in test.button]


@pytest.mark.parametrize("place", ["receipt", "cannot"])
def test_answers_are_scored_in_place(page: AppTest, place: str) -> None:
    page.button(key=f"score:{place}").click().run()
    assert "score:receipt" not in keys(page)
    assert page.selectbox(key="scoring_by").value == "math"
    page.button(key="scoring_begin").click().run()
    finish_opening(page)
    opened = page.session_state["opened"]
    (forest,) = opened.forests
    assert forest.reward[forest.leaves].tolist() == [1.0, 0.0]
    assert forest.provenance["scored"]["verifier"] == "math"
    assert opened.title.endswith(", scored by math")
    assert any("1 of 2 answers right" in clause for clause in opened.report.notes.guessed)
    assert not [key for key in keys(page) if key.startswith("scor")]
    assert any("2 with an outcome" in one.value for one in page.markdown)


def test_the_list_of_methods_offers_it_and_brings_the_method_with_it(page: AppTest) -> None:
    page.session_state["methods_open"] = True
    page.run()
    (shown,) = [one.proto.json for one in page.get("bidi_component") if one.key == "method_list"]
    rows = [row for group in json.loads(shown)["groups"] for row in group["methods"]]
    assert "grpo" in {row["name"] for row in rows if row["button"] == "Score the answers"}
    for name, value in {"methods_open": False, "scoring": True, "scoring_for": "rloo"}.items():
        page.session_state[name] = value
    page.run()
    page.button(key="scoring_begin").click().run()
    finish_opening(page)
    assert page.session_state["method"] == "rloo"


def test_a_verifier_that_takes_no_reference_leaves_all_as_it_was(page: AppTest) -> None:
    page.button(key="score:receipt").click().run()
    page.selectbox(key="scoring_by").select("choice").run()
    page.button(key="scoring_begin").click().run()
    finish_opening(page)
    assert any("takes none of the references" in one.value for one in page.warning)
    assert np.isnan(page.session_state["opened"].forests[0].reward).all()
    page.button(key="scoring_close").click().run()
    assert "scoring_begin" not in keys(page)


def test_what_has_an_outcome_is_offered_no_other() -> None:
    test = AppTest.from_file(str(MAIN), default_timeout=60)
    test.query_params["sample"] = "by_hand"
    test.session_state["scoring"] = True
    test.run()
    assert not test.exception
    assert not [key for key in keys(test) if key.startswith("scor")]


def test_others_get_as_long_as_the_server_gives() -> None:
    given = open_files.read(content(), "mine.jsonl", columns=COLUMNS)
    assert (unscored(given), proposed(given)) == (2, "math")
    with pytest.raises(TaskError, match="the most that this server gives"):
        scored(given, "math", -1.0, lambda done, total: None)
    assert unscored(scored(given, "math", float(quotas.SECONDS.most), lambda done, total: None)) == 0
    assert set(CHOICES) == set(VERIFIERS) - {"regex"}


def test_a_choice_of_letters_is_proposed_where_the_reference_is_one() -> None:
    rows = [{"prompt": "Which?", "completion": "(B)", "gold": "B"}]
    assert proposed(open_files.read(content(rows), "mine.jsonl", columns=COLUMNS)) == "choice"


def test_in_a_browser(open_page: Open, address: str, tmp_path: Path) -> None:
    page = open_page(f"{address}/?sample=by_hand")
    page.locator(".st-key-controls").get_by_role("button").first.click()
    page.locator("input[type=file]").first.set_input_files(lm_eval(tmp_path))
    page.locator(".st-key-receipt").get_by_role("button", name="Score the answers").click()
    page.get_by_role("button", name="Score", exact=True).click()
    page.get_by_text("2 with an outcome").wait_for()
    page.get_by_text("scored by math").first.wait_for()
