from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from app.rollout import job_queue
from app.rollout.job_queue import Job, JobQueue, Phase
from treecore import quotas
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
    assert (queue.wait(second).ahead, queue.wait(third).ahead) == (0, 1)
    queue.cancel(second)
    assert second.phase is Phase.CANCELLED
    assert queue.wait(third).ahead == 0
    go.set()
    wait(queue)
    assert third.phase is Phase.DONE


def test_jobs_are_found_by_name_until_many_others_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_queue, "MAX_OVER", 2)
    queue, go, started = JobQueue(), threading.Event(), threading.Event()
    running = Job(run=lambda job: (started.set(), go.wait(20)), title="a")
    waiting = [Job(run=lambda job: None, title=name) for name in "bc"]
    for job in (running, *waiting):
        queue.submit(job)
    assert started.wait(20)
    assert [queue.find(job.name) for job in (running, *waiting)] == [running, *waiting]
    assert queue.find("") is None
    go.set()
    wait(queue)
    assert queue.find(waiting[1].name) is waiting[1]
    wait(queue)
    wait(queue)
    assert [queue.find(job.name) for job in (running, *waiting)] == [None, None, None]
    assert len({job.name for job in (running, *waiting)}) == 3


def test_jobs_of_closed_pages_hold_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_queue, "GRACE", -1.0)
    queue, started = JobQueue(), threading.Event()
    running = Job(run=lambda job: (started.set(), job.stop.wait(20)), title="a", present=lambda: False)
    queue.submit(running)
    assert started.wait(20)
    gone, own = (Job(run=lambda job: None, title=name, present=lambda: False) for name in "bc")
    queue.submit(gone)
    queue.submit(own)
    assert queue.wait(own).ahead == 0
    assert (gone.phase, running.stop.is_set()) == (Phase.CANCELLED, True)
    wait(queue)
    assert (running.phase, own.phase) == (Phase.CANCELLED, Phase.DONE)


def test_a_page_that_is_loaded_again_keeps_its_place() -> None:
    queue, started, go = JobQueue(), threading.Event(), threading.Event()
    running = Job(run=lambda job: (started.set(), go.wait(20)), title="a", present=lambda: False)
    queue.submit(running)
    assert started.wait(20)
    away, own = Job(run=lambda job: None, title="b", present=lambda: False), Job(run=lambda job: None, title="c")
    queue.submit(away)
    queue.submit(own)
    assert queue.wait(own).ahead == 1
    assert not running.stop.is_set()
    go.set()
    wait(queue)
    assert away.phase is Phase.DONE


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


def test_time_left_follows_from_what_is_done_and_how_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(job_queue, "time", SimpleNamespace(monotonic=lambda: now))
    job = Job(run=lambda job: None, title="a")
    assert job.seconds_left() is None
    job.tell(0, 8, 3.0)
    assert job.seconds_left() is None
    job.tell(9, 100, 3.0)
    assert job.seconds_left() is None
    job = Job(run=lambda job: None, title="b")
    job.tell(2, 8, 4.0)
    assert job.seconds_left() == 12.0
    now = 105.0
    assert job.seconds_left() == 7.0
    now = 200.0
    assert job.seconds_left() == 0.0


def test_the_later_half_of_the_time_tells_the_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_queue, "time", SimpleNamespace(monotonic=lambda: 0.0))
    job = Job(run=lambda job: None, title="a")
    for second, done in ((1.0, 0), (2.0, 0), (3.0, 6), (4.0, 10), (5.0, 20)):
        job.tell(done, 60, second)
    assert job.pace is not None
    assert job.pace.recent == 20 / 3
    assert job.seconds_left() == 6.0
    assert job.pace.speed == 4.0


def test_those_who_wait_see_the_time_of_all_jobs_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_queue, "time", SimpleNamespace(monotonic=lambda: 100.0))
    queue, started, go = JobQueue(), threading.Event(), threading.Event()

    def work(job: Job) -> None:
        job.tell(1, 4, 2.0)
        started.set()
        assert go.wait(20)

    running = Job(run=work, title="a", kind="tiny", size=4)
    queue.submit(running)
    assert started.wait(20)
    like, unlike, last = (
        Job(run=lambda job: None, title=kind, size=10, kind=kind) for kind in ("tiny", "another", "tiny")
    )
    for job in (like, unlike, last):
        queue.submit(job)
    assert queue.wait(like) == (0, 6.0)
    assert queue.wait(unlike) == (1, 6.0 + 20.0)
    assert queue.wait(last) == (2, None)
    queue.cancel(unlike)
    assert queue.wait(last) == (1, 26.0)
    go.set()
    wait(queue)


def test_a_job_without_a_report_takes_as_long_as_the_last_one_of_its_kind() -> None:
    queue, started, go = JobQueue(), threading.Event(), threading.Event()
    queue.submit(Job(run=lambda job: job.tell(10, 10, 5.0), title="a", kind="tiny", size=10))
    wait(queue)
    queue.submit(Job(run=lambda job: (started.set(), go.wait(20)), title="b", kind="tiny", size=4))
    assert started.wait(20)
    waiting = Job(run=lambda job: None, title="c", kind="tiny", size=1)
    queue.submit(waiting)
    assert queue.wait(waiting) == (0, 2.0)
    go.set()
    wait(queue)


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


def test_words_of_errors_that_nobody_foresaw_stay_on_a_server_of_others() -> None:
    queue = JobQueue()

    def work(job: Job) -> None:
        raise OSError("/home/operator/models/secret")

    own, others = Job(run=work, title="a"), Job(run=work, title="b", frank=False)
    for job in (own, others):
        queue.submit(job)
    wait(queue)
    assert "secret" in own.error
    assert "OSError" in others.error
    assert "secret" not in others.error


def test_who_did_not_ask_for_a_job_cannot_cancel_it() -> None:
    queue, started, go = JobQueue(), threading.Event(), threading.Event()
    running = Job(run=lambda job: (started.set(), go.wait(20)), title="a", owner="me")
    waiting = Job(run=lambda job: None, title="b", owner="me")
    queue.submit(running)
    assert started.wait(20)
    queue.submit(waiting)
    for job in (running, waiting):
        queue.cancel(job, by="you")
        queue.cancel(job)
    assert (running.stop.is_set(), waiting.phase) == (False, Phase.WAITING)
    queue.cancel(waiting, by="me")
    assert waiting.phase is Phase.CANCELLED
    go.set()
    wait(queue)


def test_a_visitor_has_a_share_of_the_line() -> None:
    queue, started, go = JobQueue(), threading.Event(), threading.Event()
    queue.submit(Job(run=lambda job: (started.set(), go.wait(20)), title="a", owner="hog"))
    assert started.wait(20)
    for _ in range(quotas.RUNS.default - 1):
        queue.submit(Job(run=lambda job: None, title="b", owner="hog"))
    with pytest.raises(TreecoreError, match="4 of your runs are not over yet"):
        queue.submit(Job(run=lambda job: None, title="c", owner="hog"))
    queue.submit(Job(run=lambda job: None, title="d", owner="another"))
    go.set()
    wait(queue)


def test_in_a_full_line_who_asks_for_less_takes_the_place_of_who_asks_for_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(quotas.WAITING.variable, "2")
    queue, started, go = JobQueue(), threading.Event(), threading.Event()
    queue.submit(Job(run=lambda job: (started.set(), go.wait(20)), title="a"))
    assert started.wait(20)
    large, larger, small = (
        Job(run=lambda job: 1, title=name, owner=name, size=n) for name, n in (("b", 50), ("c", 60), ("d", 6))
    )
    for job in (large, larger, small):
        queue.submit(job)
    assert (larger.phase, larger.error) == (Phase.FAILED, job_queue.CROWDED)
    assert [queue.wait(job).ahead for job in (small, large)] == [0, 1]
    go.set()
    wait(queue)


def test_the_line_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(quotas.WAITING.variable, "1")
    queue, go, started = JobQueue(), threading.Event(), threading.Event()
    queue.submit(Job(run=lambda job: (started.set(), go.wait(20)), title="a"))
    assert started.wait(20)
    queue.submit(Job(run=lambda job: None, title="b"))
    with pytest.raises(TreecoreError, match="line is full"):
        queue.submit(Job(run=lambda job: None, title="c"))
    go.set()
