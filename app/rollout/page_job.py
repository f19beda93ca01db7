"""A job of the queue that a page waits for: asked for once, watched, broken off, and taken up when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import streamlit as st

from app import redraw, state
from app.rollout import visitor_jobs
from app.rollout.job_queue import Job, Phase
from app.rollout.request import JobProgress, Limits
from app.verbatim import verbatim
from treecore.core.numerals import counted_of
from treecore.errors import TreecoreError

LOOK_EVERY = 0.5
"""Seconds between two looks at a job."""


class HasJob(Protocol):
    """What was asked for: its job, and whatever is needed to take up what comes out."""

    @property
    def job(self) -> Job: ...


Asked = TypeVar("Asked", bound=HasJob)


@dataclass(frozen=True)
class PageJob(Generic[Asked]):
    """One job at a time of one kind.

    Attributes:
        name: where the session holds what was asked for; widgets have keys that begin with it.
    """

    name: str

    def asked(self) -> Asked | None:
        """What is under way for this page, or over and not taken up yet."""
        found: Asked | None = state.get_or(self.name, None)
        return found

    def begin(self, asked: Asked, limits: Limits | None) -> str:
        """Put it in the line; a sentence where it is too large or the line is full, "" where it waits there.

        Args:
            limits: the most that it may take; None for no bound.
        """
        try:
            if limits is not None:
                limits.check(asked.job.size)
            visitor_jobs.QUEUE.submit(asked.job)
        except TreecoreError as error:
            return f"{error}."
        state.put({self.name: asked})
        return ""

    def cancel(self) -> None:
        """Break it off; what is open stays as it is."""
        if (now := self.asked()) is not None:
            visitor_jobs.cancel(now.job)
        state.put({self.name: None})

    def over(self) -> Asked | None:
        """What has ended by now, once; None while it goes on."""
        now = self.asked()
        if now is None or now.job.live:
            return None
        state.put({self.name: None})
        return now

    def watch(self, now: Asked, *, title: str = "", unit: tuple[str, str]) -> None:
        """How far it is, and the way out; when it is over, the page is drawn anew. In a fragment that runs every while.

        Args:
            title: what the words about it begin with.
            unit: what a piece of the work is called, and several.
        """
        job = now.job
        if not job.live:
            st.rerun()
        found = job.progress if isinstance(job.progress, JobProgress) else None
        done, total = (0, 1) if found is None else (found.done, found.total)
        far = job.begins if found is None else counted_of(done, *unit, total=total)
        said = "waiting in line" if job.phase is Phase.WAITING else far
        with st.container(key=self.name, horizontal=True, vertical_alignment="center", gap="small"):
            st.progress(min(done / max(total, 1), 1.0), verbatim(f"{title}{said}"))
            st.button("Cancel", key=f"{self.name}_cancel", icon=":material/close:", on_click=redraw.after(self.cancel))
