"""Values that no widget sends: one sentence to who sent them, one line in the log.

What a browser sends for a widget may be of any type. Streamlit reads it before callbacks and before the page, where
nothing of ours could check it first, and ends the run of that session with a traceback; nothing else is harmed.
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import streamlit as st
from streamlit import config, runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

SAID = "What this page sent is nothing that its fields hold, so nothing was done with it. Load the page again."
READING = {
    "state/session_state.py": ("__getitem__", "get_serialized"),
    "bidi_component/serialization.py": ("deserialize",),
}
"""Where Streamlit turns what was sent into values, and values into what is sent: ends of files, functions."""
LOGGERS = ("streamlit.error_util", "streamlit.components.v2.bidi_component.serialization")
OURS = str(Path(__file__).parents[1])


def is_forged(error: BaseException) -> bool:
    """Whether an exception was raised while Streamlit read a value that was sent for a widget, by no code of ours."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(OURS):
            return False
        file = frame.filename.replace("\\", "/")
        if any(file.endswith(end) and frame.name in functions for end, functions in READING.items()):
            return True
    return False


def show_forged(error: Exception) -> bool:
    """Tell the visitor of a forged value; whether that was all there is to show. For Streamlit's error handler."""
    if is_forged(error):
        st.error(SAID, icon=":material/block:")
        return True
    return False


def shortened(record: logging.LogRecord) -> bool:
    """Make one line of the record of a forged value, without a traceback. A filter that keeps every record."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and is_forged(error):
        record.msg = f"treecore: note: a value that no widget sends was refused ({type(error).__name__})"
        record.args, record.exc_info = (), None
    return True


def watch() -> None:
    """Tell of forged values in this run of the page and in all later ones of its session."""
    config.set_option("logger.enableRich", False)  # which would print tracebacks past the log
    for name in LOGGERS:
        logging.getLogger(name).addFilter(shortened)
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return
    context.on_script_error = show_forged
    sessions = getattr(runtime.get_instance(), "_session_mgr", None)
    if sessions is not None and (found := sessions.get_active_session_info(context.session_id)) is not None:
        found.session._on_script_error = show_forged
