"""Widgets above the trees, made from the registries: the method with its parameters, colour, axis. Names no method."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.controls.choices import Choices
from app.controls.methods import method_button
from app.defaults import AXES, COLOURS
from app.opening.merge_menu import merge_menu
from app.opening.open_menu import open_menu
from app.what_if import beside as changes

COLOUR = Choices("Colour", "colour", COLOURS)
AXIS = Choices("Axis", "axis", AXES)


def bar(*, colours: bool = True, what_if: bool = False, read_as: Callable[[], bool] | None = None) -> None:
    """One row: what is open, method, colour, axis, and the way to changes where a view shows them.

    Args:
        read_as: draws how the forest is read, and says whether it is drawn as trees, which have colours and an axis.
    """
    with st.container(key="controls", horizontal=True, vertical_alignment="center", gap="small"):
        open_menu()
        merge_menu()
        method_button(parameters=not (what_if and changes.is_open()))
        trees = read_as is None or read_as()
        if trees and colours:
            COLOUR.row()
        if trees:
            AXIS.row()
        if what_if:
            changes.pill()
