"""The one list of views. A view is one file whose `render()`, under `@view(title=...)`, draws the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from treecore.registry.registry import Registry

Render = Callable[[], None]


@dataclass(frozen=True)
class View:
    """A registered view.

    Attributes:
        name: as the address bar has it.
        title: in the navigation.
        render: draws everything below the header.
    """

    name: str
    title: str
    render: Render


VIEWS = Registry[View]("view", home="app.views", group="treecore.views")


def view(*, title: str, name: str = "") -> Callable[[Render], Render]:
    """Register a view under the name of its module (or `name`).

    Raises:
        MethodError: the name is taken.
    """

    def register(render: Render) -> Render:
        VIEWS.add(View(name or render.__module__.rpartition(".")[2], title, render))
        return render

    return register
