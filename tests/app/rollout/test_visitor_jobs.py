"""Rollouts of visitors: what is written of a job while the queue goes on."""

from __future__ import annotations

import threading
import time

import pytest

from app.rollout import visitor_jobs
from app.rollout.job_queue import Job
from app.rollout.run_store import Shelf


def test_who_writes_of_a_job_does_not_wait_for_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, held = threading.Lock(), []
    names = visitor_jobs.QUEUE.names

    def asked() -> set[str]:
        held.append(lock.locked())
        return names()

    monkeypatch.setattr(visitor_jobs, "SHELF", Shelf(None))
    monkeypatch.setattr(visitor_jobs.QUEUE, "names", asked)
    visitor_jobs.put(Job(run=lambda job: None, title="a"), time.time(), lock)
    assert held == [False]
