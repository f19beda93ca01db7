"""Streamlit as `treecore app` starts it: asks nothing of the network, and tells the public nothing of its insides."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from streamlit import net_util, runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.stats import StatsManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from app.opening.allowance import megabytes
from app.serving.permissions import BROWSER_COOKIE, browser_token, is_open
from treecore import quotas

_families = StatsManager.registered_families
_add_file = MemoryUploadedFileManager.add_file


def close() -> None:
    """Close what Streamlit has open by itself, in this process.

    For the address that the world has for it, it asks a server of others, at its start and whenever a page of another
    origin knocks. How much it holds, and for how many visitors, it tells whoever asks for `/_stcore/metrics`.
    """
    net_util.get_external_ip = lambda: None
    MemoryUploadedFileManager.add_file = add_file  # type: ignore[method-assign, assignment]
    StatsManager.registered_families = families  # type: ignore[method-assign, assignment]


def add_file(files: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec) -> None:
    """Keep what was uploaded; on a public server within what a visitor may hold, and all of them together."""
    browser = browser_of(session_id)
    own = sum(
        len(one.data)
        for page, held in list(files.file_storage.items())
        if page == session_id or (browser and browser_of(page) == browser)
        for one in list(held.values())
    )
    most, all_most = quotas.VISITOR_BYTES.most, quotas.OPEN_BYTES.most
    if is_open() and (own + len(file.data) > most or files._total_bytes + len(file.data) > all_most):
        raise HTTPException(413, f"a visitor may hold {megabytes(most)} of files; close a page, or load it again")
    _add_file(files, session_id, file)


def browser_of(session_id: str) -> str:
    """The browser that shows a page, by its cookie; "" where it cannot be told, as of a page that was closed."""
    client = runtime.get_instance().get_client(session_id) if runtime.exists() else None
    context = None if client is None else client.client_context
    return browser_token(context.cookies.get(BROWSER_COOKIE, "")) if context is not None else ""


def families(stats: StatsManager) -> Sequence[str]:
    """What can be measured, the first thing that a request for measurements asks for; not found on a public server."""
    if is_open():
        raise HTTPException(404)
    return _families(stats)


if __name__ == "__main__":
    from streamlit.web.cli import main

    close()
    sys.path.append(os.getcwd())  # where names such as `module:factory` are looked for last
    main(prog_name="streamlit")
