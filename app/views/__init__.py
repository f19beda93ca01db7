"""One file a view, each with `render()`; loaded when first shown."""

from __future__ import annotations

from importlib import import_module


def render(view: str) -> None:
    """Draw a view by its name, one of `state.VIEWS`."""
    import_module(f"app.views.{view}").render()
