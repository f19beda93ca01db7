"""Closed sets of names that a widget offers.

What a browser sends for a widget is whatever the visitor wrote: Streamlit hands it to the widget's format function and
to callbacks before it is compared with the options. So names are looked up in the set that was offered, nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import state
from app.verbatim import ours
from app.view_fields import Field
from treecore.errors import PolicyError


@dataclass(frozen=True)
class Choices:
    """Names to choose from.

    Attributes:
        label: of the widget; key: of its value in the session.
        titles: name -> what people read, in the order shown.
        default: the name chosen before anybody chose; "" for the first.
    """

    label: str
    key: str
    titles: Mapping[str, str]
    default: str = ""

    @property
    def first(self) -> str:
        """What is chosen before anybody chose."""
        return self.default or next(iter(self.titles))

    def title(self, name: object) -> str:
        """What people read for a name, "" for anything that is not offered."""
        return self.titles.get(name, "") if isinstance(name, str) else ""

    def begin(self) -> None:
        """Choose the default where nothing that is offered is chosen: an address that names nothing leaves ""."""
        if not self.title(state.get_or(self.key, "")):
            state.put({self.key: self.first})

    def selectbox(self, **more: Any) -> str:
        """Draw them as a menu; the chosen name."""
        self.begin()
        return str(st.selectbox(ours(self.label), list(self.titles), key=self.key, format_func=self.title, **more))

    def pills(self, **more: Any) -> str:
        """Draw them as a row; the chosen name."""
        state.prime(self.key, self.first)
        names, title = list(self.titles), self.title
        return str(
            st.segmented_control(
                ours(self.label), names, key=self.key, format_func=lambda name: ours(title(name)), required=True, **more
            )
        )

    def row(self) -> str:
        """Draw them as a row with its label before it; the chosen name."""
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            st.caption(ours(self.label.lower()), width="content")
            return self.pills(label_visibility="collapsed")

    def field(self) -> Field:
        """What the address carries of them, for the view that `key` begins with."""
        return Field(self.key.partition(":")[2], self.first, allowed=lambda: self.titles)

    def chosen(self) -> str:
        """The chosen name, for callbacks.

        Raises:
            PolicyError: the browser sent a name that was not offered.
        """
        name = state.get_or(self.key, self.first)
        if not isinstance(name, str) or name not in self.titles:
            raise PolicyError(f"what was sent for {self.label} is none of its choices", todo="choose one of them")
        return name
