"""What the tree canvas draws: a forest, its looks, and stages of a walk through it. Pure: knows no browser."""

from __future__ import annotations

from treecore.core.outcomes import outcome_share
from treecore.views.scene.part import Part
from treecore.views.scene.scene import Axis, Colour, Scene, Stage, make_scene

__all__ = ["Axis", "Colour", "Part", "Scene", "Stage", "make_scene", "outcome_share"]
