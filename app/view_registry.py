"""The one list of views. A view is one file whose `render()`, under `@view(title=...)`, draws the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.view_fields import Field
from app.view_keys import KeyGroup
from treecore.registry.registry import Registry

Render = Callable[[], None]


@dataclass(frozen=True)
class View:
    """A registered view.

    Attributes:
        name: as the address bar has it.
        title: in the navigation.
        render: draws everything below the header.
        fields: its own values in the address, such as `("row", Field("sort", "name", allowed=lambda: SORTS))`; a name
            alone is a text. The session holds each as `VIEW:NAME`, which is also the key of its widget:
            `state.field("library:row")` reads it, `state.put_fields("library", {...})` sets all of a view.
        keys: what its keys do, for the sheet that `?` opens.
        presents_itself: it has a way of its own to be shown on a projector.
    """

    name: str
    title: str
    render: Render
    fields: tuple[Field, ...] = ()
    keys: tuple[KeyGroup, ...] = ()
    presents_itself: bool = False


VIEWS = Registry[View]("view", home="app.views", group="treecore.views")


def declared_fields() -> dict[str, Field]:
    """The fields of all views, by the keys under which the session holds them: `VIEW:NAME`."""
    return {f"{view.name}:{field.name}": field for view in VIEWS.values() for field in view.fields}


def view(
    *,
    title: str,
    name: str = "",
    fields: Sequence[Field | str] = (),
    keys: Sequence[KeyGroup] = (),
    presents_itself: bool = False,
) -> Callable[[Render], Render]:
    """Register a view under the name of its module (or `name`).

    Raises:
        MethodError: the name is taken.
    """

    def register(render: Render) -> Render:
        known = tuple(one if isinstance(one, Field) else Field(one) for one in fields)
        own = name or render.__module__.rpartition(".")[2]
        VIEWS.add(View(own, title, render, known, tuple(keys), presents_itself))
        return render

    return register
