"""Rewards for answers that came without any."""

from __future__ import annotations

import numpy as np
import pytest

from treecore.core.forest import Forest
from treecore.tasks.scoring import NOTE, score
from treecore.tasks.verifiers import get_check


def answers(*texts: str, reference: str = "14", reward: float = np.nan) -> Forest:
    rewards = [reward, *[np.nan] * (len(texts) - 1)]
    return Forest(parent=[-1] * len(texts), text=list(texts), reward=rewards, prompt="3*4+2?", reference=reference)


@pytest.mark.parametrize("reference", ["14", "12 and 2 more\n#### 14"])
def test_ends_without_a_reward_get_one(reference: str) -> None:
    found = score([answers("\\boxed{15}", "\\boxed{14}", "15", reference=reference, reward=0.5)], get_check("math"))
    (forest,) = found.forests
    assert forest.reward.tolist() == [0.5, 1.0, 0.0]
    assert forest.provenance[NOTE] == {"verifier": "math", "ends": 2}
    assert (found.given, found.right, found.kept, found.lacking, found.refused) == (2, 1, 1, 0, 0)


def test_all_that_the_model_wrote_is_judged() -> None:
    forest = Forest(parent=[-1, 0], text=["It is \\boxed{14}.", "Done."], reward=[np.nan] * 2, reference="14")
    (scored,) = score([forest], get_check("math")).forests
    np.testing.assert_array_equal(scored.reward, [np.nan, 1.0])


def test_what_cannot_be_judged_stays_without() -> None:
    forests = [answers("14", reference=""), answers("14", reference="a long way to say it")]
    found = score(forests, get_check("number"))
    assert [np.isnan(forest.reward).all() for forest in found.forests] == [True, True]
    assert (found.given, found.lacking, found.refused) == (0, 1, 1)
