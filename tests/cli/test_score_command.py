"""`treecore score` on samples that have no rewards of single answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from cases import DATA

from treecore.formats import read

LM_EVAL = DATA / "lm_eval-0.4.13"


def test_samples_of_lm_eval_get_rewards_once(run: Callable[..., Any], tmp_path: Path) -> None:
    made = tmp_path / "scored.forest.jsonl"
    told = json.loads(run("score", str(LM_EVAL), "--verifier", "math", "-o", str(made), "--json").stdout)
    rewards = np.concatenate([forest.reward[forest.leaves] for forest in read(made)])
    assert (told["given"], told["right"]) == (len(rewards), int(rewards.sum()))
    again = run("score", str(made), "--verifier", "math", "-o", str(made), "--overwrite")
    assert (again.exit_code, "every answer has a reward" in again.stderr) == (1, True)
