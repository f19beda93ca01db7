"""The explorer. Page set-up and navigation, nothing else."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import chrome, state
from app.views import render

st.set_page_config(page_title="treecore", page_icon=str(Path(__file__).parent / "icon.svg"), layout="wide")
state.start()
chrome.header()
render(state.get("view"))
state.sync_address()
