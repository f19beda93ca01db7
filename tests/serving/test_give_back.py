"""What visitors leave behind is given back: sessions that will not return, runs that nobody looks at, uploads."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from streamlit import runtime
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.session_manager import SessionInfo
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

from app import state
from app.rollout import visitor_jobs
from app.rollout.job_queue import Job, JobQueue
from app.serving import give_back, server
from app.state import open_files
from treecore import quotas
from treecore.bundled import samples


class Session:
    """Of a page that was closed."""

    id = "a"


@pytest.mark.parametrize(("ttl", "gone"), [(0, True), (3600, False)])
def test_sessions_are_forgotten_once_they_will_not_return(
    ttl: int, gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = MemorySessionStorage(ttl_seconds=ttl)
    files: Any = MemoryUploadedFileManager("/upload")
    manager = WebsocketSessionManager(storage, files, script_cache=SimpleNamespace(), message_enqueued_callback=None)
    session: Any = Session()
    storage.save(SessionInfo(client=None, session=session, script_run_count=1))
    held = weakref.ref(session)
    del session
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: SimpleNamespace(_session_mgr=manager))
    assert give_back.forget_sessions() == gone
    assert give_back.is_visited() is not gone
    give_back.collect(everything=True, loaded=False)
    gc.unfreeze()
    assert (held() is None) is gone


@pytest.mark.parametrize("visited", [True, False])
def test_samples_are_let_go_once_the_last_visitor_has_left(visited: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(give_back, "forget_sessions", lambda: 1)
    monkeypatch.setattr(give_back, "is_visited", lambda: visited)
    first = weakref.ref(open_files._sample(samples()["by_hand"]))
    give_back.look(state.forget_samples, more=False, loaded=False)
    gc.unfreeze()
    assert (first() is not None) is visited


def test_a_run_on_the_disk_that_nobody_looks_at_is_not_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = JobQueue()
    monkeypatch.setattr(visitor_jobs, "QUEUE", queue)
    monkeypatch.setattr(visitor_jobs, "SHELF", SimpleNamespace(about=lambda name: name if name != "nowhere" else None))
    looked, left, nowhere = (
        Job(run=lambda job: None, title=name, name=name, present=lambda name=name: name == "looked")
        for name in ("looked", "left", "nowhere")
    )
    for job in (looked, left, nowhere):
        queue.keep(job)
    assert visitor_jobs.ended() == queue.ended == 0
    assert queue.over() == [looked, nowhere], "what is nowhere else is kept"


def test_uploads_of_a_page_are_bounded_on_a_public_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ids they are sent under; a file that is sent again counts once more."""
    monkeypatch.setenv("TREECORE_PUBLIC", "1")
    monkeypatch.setenv(quotas.VISITOR_BYTES.variable, "100")
    monkeypatch.setenv(quotas.OPEN_BYTES.variable, "150")
    files = MemoryUploadedFileManager("/upload")

    def send(session: str, name: str, size: int) -> None:
        server.add_file(files, session, UploadedFileRec(name, name, "text/plain", b"x" * size))

    send("ann", "a", 60)
    with pytest.raises(HTTPException, match="a visitor may hold 0 MB of files"):
        send("ann", "b", 60)
    send("bob", "a", 60)
    with pytest.raises(HTTPException):
        send("eve", "a", 60)
    monkeypatch.setattr(server, "browser_of", {"bob": "b", "bob's other page": "b"}.get)
    monkeypatch.setenv(quotas.OPEN_BYTES.variable, "1000")
    with pytest.raises(HTTPException, match="a visitor may hold"):
        send("bob's other page", "a", 60)
    monkeypatch.setenv(quotas.OPEN_BYTES.variable, "150")
    files.remove_session_files("ann")
    gc.collect()
    send("eve", "a", 60)
    monkeypatch.setenv("TREECORE_PUBLIC", "")
    monkeypatch.setattr(server, "is_open", lambda: False)
    send("eve", "b", 1000)
