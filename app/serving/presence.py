"""Whether somebody still looks at the page that asked for something."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx


def open_page() -> Callable[[], bool]:
    """Tells whether the page that asks now is still open."""
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return lambda: True
    return partial(runtime.get_instance().is_active_session, context.session_id)
