"""The votes beside a method of confidence."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

MAIN = str(Path(__file__).parents[3] / "app" / "main.py")


def opened(method: str, sample: str = "surprisal") -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=60)
    test.query_params["sample"], test.query_params["method"] = sample, method
    return test.run()


def test_votes_stand_beside_confidence_and_no_other_method() -> None:
    fold = next(one for one in opened("deepconf").expander if "Votes" in one.label)
    said = [block.value for block in fold.markdown]
    assert len(said) == 5
    assert "**`fay`** 60%, right" in said[0]
    assert "Early stopping after 5 of 10" in fold.caption[0].value
    assert not [one for one in opened("tree_grpo").expander if "Votes" in one.label]
