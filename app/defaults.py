"""What the session holds before anybody chose, which values may be chosen, and which survive a rerun."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from app.opening.merging import AUTO
from app.view_fields import Field
from app.view_registry import VIEWS
from treecore.methods import DEFAULT_METHOD, METHODS

EXPLORE = "explore"
"""The view whose folds the address carries."""
COLOURS = {"credit": "credit", "granularity": "granularity", "both": "both", "value": "value", "entropy": "entropy"}
AXES = {"steps": "steps", "tokens": "tokens"}
DEFAULTS: dict[str, Any] = {
    "view": EXPLORE,
    "method": DEFAULT_METHOD,
    "colour": "credit",
    "axis": "steps",
    "forest": 0,
    "turned": 0,
    "frame": 0,
    "node": "",
    "merging": False,
    "merge_by": AUTO,
}
CLOSED: Mapping[str, Collection[str]] = {"view": VIEWS, "method": METHODS, "colour": COLOURS, "axis": AXES}
"""Values that name something; a browser may send any text for them, and what is none of these is not looked up."""
FILM = "step_through"
"""The view that has frames."""
GUESS = f"{FILM}:guess"
"""What the visitor foretold in it."""
ROLLOUT = "rollout"
"""The view of runs."""
LIBRARY = "library"
"""The view that opens first where the operator names folders."""
SHARED = (
    Field("colour", "credit", allowed=lambda: COLOURS),
    Field("axis", "steps", allowed=lambda: AXES),
    Field("edit", ""),
    Field("what_if", False),
    Field("projector", False),
)
"""What the address carries whatever the view; the session holds it under the same names."""
RESAMPLES = 200
MAX_ID = 2000
"""Characters that an id may take in the address bar: servers refuse addresses of several thousand."""
SHORT, RECENT, RECENT_BYTES = 12, 4, 256_000_000
"""Characters of a key in the address bar, and how many files and rollouts of a session can be gone back to, if they
take no more than so many bytes."""
MOMENT = 0.5
"""Seconds for which a page waits for a file before it says how far it is."""
KEPT = (
    "view",
    "method",
    "colour",
    "axis",
    "forest",
    "frame",
    "node",
    "resample",
    "mathematics",
    "merging",
    "merge_by",
)
KEPT_PREFIXES = ("set:", "roll:", "map:", "export_ending:")
