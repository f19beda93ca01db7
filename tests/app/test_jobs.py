from __future__ import annotations

import threading

import pytest

from app import jobs
from app.jobs import Job, JobQueue, Phase
from treecore.errors import TreecoreError


def wait(queue: JobQueue) -> None:
    """Until the worker has taken everything submitted so far."""
    ended = threading.Event()
    queue.submit(Job(run=lambda job: ended.set(), title="last"))
    assert ended.wait(20)


def test_jobs_run_in_turn_and_give_results() -> None:
    queue, order = JobQueue(), []
    made = [Job(run=lambda job, n=n: order.append(n) or n, title=str(n)) for n in range(5)]
    for job in made:
        queue.submit(job)
    wait(queue)
    assert order == [0, 1, 2, 3, 4]
    assert [(job.phase, job.result) for job in made] == [(Phase.DONE, n) for n in range(5)]


def test_place_in_line_and_cancel_while_waiting() -> None:
    queue, go = JobQueue(), threading.Event()
    started = threading.Event()
    queue.submit(Job(run=lambda job: (started.set(), go.wait(20)), title="first"))
    assert started.wait(20)
    second, third = (Job(run=lambda job: None, title=name) for name in "bc")
    queue.submit(second)
    queue.submit(third)
    assert (queue.place(second), queue.place(third)) == (0, 1)
    queue.cancel(second)
    assert second.phase is Phase.CANCELLED
    assert queue.place(third) == 0
    go.set()
    wait(queue)
    assert third.phase is Phase.DONE


def test_a_running_job_is_asked_to_stop_and_keeps_what_it_has() -> None:
    queue, started = JobQueue(), threading.Event()

    def work(job: Job) -> list[int]:
        started.set()
        assert job.stop.wait(20)
        return [1]

    job = Job(run=work, title="long")
    queue.submit(job)
    assert started.wait(20)
    queue.cancel(job)
    wait(queue)
    assert (job.phase, job.result) == (Phase.CANCELLED, [1])


@pytest.mark.parametrize("error", [TreecoreError("no model", todo="give one"), RuntimeError("boom")])
def test_a_failing_job_leaves_the_worker_alive(error: Exception) -> None:
    queue = JobQueue()

    def work(job: Job) -> None:
        raise error

    job = Job(run=work, title="bad")
    queue.submit(job)
    wait(queue)
    assert job.phase is Phase.FAILED
    assert str(error).split(";")[0] in job.error


def test_the_line_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST_WAITING", 1)
    queue, go, started = JobQueue(), threading.Event(), threading.Event()
    queue.submit(Job(run=lambda job: (started.set(), go.wait(20)), title="a"))
    assert started.wait(20)
    queue.submit(Job(run=lambda job: None, title="b"))
    with pytest.raises(TreecoreError, match="line is full"):
        queue.submit(Job(run=lambda job: None, title="c"))
    go.set()
