"""What the session holds, counted against what a visitor may; given back with the session."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from app.opening.allowance import ALLOWANCE, Claim
from app.serving import permissions


def hold(name: str, key: Hashable, *, size: int, what: str) -> None:
    """Count bytes that the session holds under a name from now on, in place of what it held there.

    Args:
        key: of the content; what: it is, for people.

    Raises:
        TreecoreError: more than a visitor may hold, or all together; nothing is held under the name then.
    """
    let_go(name)
    _claims()[name] = ALLOWANCE.claim(permissions.owner(), key, size=size, what=what)


def let_go(name: str) -> None:
    """Hold nothing under a name any more."""
    _claims().pop(name, None)


def _claims() -> dict[str, Claim]:
    found: dict[str, Claim] = st.session_state.setdefault("claims", {})
    return found
