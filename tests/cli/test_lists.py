"""Lists of what is bundled, and samples named in place of files."""

from __future__ import annotations

import json

from treecore.samples import samples


def test_samples_as_json_and_as_text(run) -> None:
    entries = json.loads(run("samples", "--json").stdout)
    assert [entry["name"] for entry in entries] == list(samples())
    text = " ".join(run("samples").stdout.split())
    for sample in samples().values():
        assert f"{sample.name}: {sample.title}" in text
        assert sample.look_for in text


def test_commands_take_the_name_of_a_sample(run) -> None:
    shown = run("show", "by_hand", "--method", "tree_grpo")
    assert shown.exit_code == 0, shown.stderr
    assert "find the teacher of iris" in shown.stdout
    credit = json.loads(run("credit", "by_hand", "--method", "tree_grpo", "--json").stdout)
    assert credit["forests"][0]["id"] == "by-hand"
    assert "structure is valid" in run("validate", "mcts").stdout
