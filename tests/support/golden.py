"""Forests whose numbers were recorded from the reference implementations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson

from treecore.core.batch import Forests
from treecore.formats import read

RECORDED = {
    "tree_grpo",
    "tree_diff",
    "grpo",
    "dr_grpo",
    "rloo",
    "opo",
    "grpo_passk",
    "reinforce_pp",
    "reinforce_pp_baseline",
    "treerl",
    "treerl_paper",
    "spo_tree",
    "treepo",
    "sibling",
    "gigpo",
}
"""Methods whose numbers the reference implementations were asked for; `gigpo` is replayed row by row elsewhere."""
CASES = json.loads((Path(__file__).parents[1] / "data" / "public_forest.json").read_text())["cases"]


def batch_of(case: dict[str, Any]) -> Forests:
    """The case as it would stand in a native file."""
    documents = []
    for prompt in case["prompts"]:
        nodes = []
        for node in prompt["nodes"]:
            row = {"id": node["id"], "parent": node["parent"], "tree": node["tree"]}
            row |= {"n_model_tokens": node["model_tokens"], "n_obs_tokens": node["obs_tokens"]}
            if node["parent"] is not None or node["model_tokens"]:
                row["text"] = f"step {node['id']}"
            if node["leaf"]:
                row |= {"reward": node["reward"], "status": "terminated"}
            nodes.append(row)
        documents.append({"format": "treecore/1", "id": str(prompt["prompt"]), "nodes": nodes})
    return Forests(read(b"\n".join(map(orjson.dumps, documents))))


BATCHES = {case["name"]: batch_of(case) for case in CASES}
