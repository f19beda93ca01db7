"""Forests looked at beside the list of a library: the one of the chosen row, and its partner at another step."""

from __future__ import annotations

from app.state.side_job import SideJob

LOOKING, PARTNER = SideJob("looking", "Reading"), SideJob("looking_partner", "Reading")
