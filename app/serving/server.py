"""Streamlit as `treecore app` starts it: asks nothing of the network, and tells the public nothing of its insides."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from streamlit import net_util
from streamlit.runtime.stats import StatsManager

from app.serving.permissions import is_open

_families = StatsManager.registered_families


def close() -> None:
    """Close what Streamlit has open by itself, in this process.

    For the address that the world has for it, it asks a server of others, at its start and whenever a page of another
    origin knocks. How much it holds, and for how many visitors, it tells whoever asks for `/_stcore/metrics`.
    """
    net_util.get_external_ip = lambda: None
    StatsManager.registered_families = families  # type: ignore[method-assign, assignment]


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
