"""Laws that methods obey."""

from __future__ import annotations

SHIFT_FREE: dict[str, dict[str, object]] = {
    "grpo": {},
    "dr_grpo": {},
    "rloo": {},
    "opo": {},
    "grpo_passk": {},
    "reinforce_pp": {"gamma": 1.0},
    "reinforce_pp_baseline": {"gamma": 0.9},
    "tree_grpo": {},
    "treerl": {},
    "treerl_paper": {},
    "spo_tree": {},
    "treepo": {},
    "sibling": {},
    "gigpo": {"gamma": 1.0},
    "vineppo": {"values": "tree"},
}
"""Methods, with the settings that it takes, whose signal depends on differences of rewards only, in groups of two or
more."""
NEAR_ZERO = {"reinforce_pp", "reinforce_pp_baseline", "treepo"}
"""Methods that whiten as their reference does, which leaves about 1e-4 of equal numbers and not exactly nothing."""
