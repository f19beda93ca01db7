"""The explorer. Page set-up and navigation, nothing else."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import chrome, state
from app.body import body
from app.opening import origins
from app.rollout import annotation, visitor_jobs
from app.serving import forged, give_back, permissions, server
from app.verbatim import verbatim
from treecore import quotas

REFUSED = (
    "This server does not answer under this name. Its operator opens it to others with `treecore app --public`, and "
    "allows names with `--host NAME` (`*` for any)."
)

st.set_page_config(page_title="treecore", page_icon=str(Path(__file__).parent / "icon.svg"), layout="wide")
server.close()
forged.watch()
give_back.watch(visitor_jobs.ended, forget=state.forget_samples)
if wrong := quotas.refused():
    st.error(verbatim(wrong), icon=":material/block:")
    st.stop()
if permissions.is_refused():
    st.error(REFUSED, icon=":material/block:")
    st.stop()
state.start(visitor_jobs.is_known, origins.reopen)
annotation.settle()
chrome.header()
body()
