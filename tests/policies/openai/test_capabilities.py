"""What is found out about a server at the start: why there is no point in going on, and what its answers show."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from openai_stub import Connect, LetterTask, Reply, Stub

from treecore.errors import PolicyError
from treecore.policies import load_policy
from treecore.policies.openai import client as openai_http
from treecore.policies.openai.policy import ServerPolicy
from treecore.protocols import Message, RenderedChat
from treecore.rollouts import rollout

pytest.importorskip("openai", reason="the package openai is not installed")


REFUSALS = {
    r"refuses the key: the server answers 401: who\?; set OPENAI_API_KEY": Reply(401, {"error": {"message": "who?"}}),
    "/v1 lists model 'toy', but answers neither completions nor chats: .* 404: no path; check --server": Reply(
        404, {"detail": "no path"}
    ),
    "is not OpenAI-compatible: the answer is not JSON": Reply(body=b"<html>"),
    "cannot be reached: the connection failed": Reply(reset=True),
    "/v1 is busy: the server answers 429: slow down; try again later": Reply(429, {"error": "slow down"}),
    "/v1 fails on a short request to model 'toy': .* 500: oops; look into its log, or check --model": Reply(
        500, {"error": "oops"}
    ),
    "/v1 refuses a short request to model 'toy': the server answers 400: no; check how": Reply(400, {"error": "no"}),
    "/v1 is elsewhere: .* 307: it redirects to http://b/, which is not followed; give the address": Reply(
        307, {}, {"Location": "http://b/"}
    ),
    "/v1: the server's answer holds no choices; check its log": Reply(body={"choices": []}),
    "/v1: the server's answer holds no text; use a model that": Reply(body={"choices": [{"finish_reason": "stop"}]}),
    "/v1: the server tells reasoning apart .*; start it without": Reply(
        body={"choices": [{"message": {"content": "", "reasoning": "so"}}]}
    ),
}


@pytest.mark.parametrize("message", REFUSALS)
def test_a_server_that_refuses_at_the_start_stops_the_run(connect: Connect, stub: Stub, message: str) -> None:
    stub.always = REFUSALS[message]
    with pytest.raises(PolicyError, match=message) as caught:
        connect()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("status", [404, 400, 500])
def test_a_model_that_the_server_does_not_offer(connect: Connect, stub: Stub, status: int) -> None:
    stub.always = Reply(status, {"detail": "no such model"})
    said = f"does not serve model 'mine': the server answers {status}: no such model; it offers toy, other$"
    with pytest.raises(PolicyError, match=said):
        connect("mine")


def test_a_model_where_the_server_lists_none(connect: Connect, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(connection: openai_http.Connection) -> list[str]:
        return []

    monkeypatch.setattr(openai_http.Connection, "models", nothing)
    stub.always = Reply(404, {"detail": "no such model"})
    with pytest.raises(PolicyError, match=r"does not serve model 'toy': .*; check --server and --model"):
        connect()


def test_a_server_that_hangs_at_the_start(connect: Connect, stub: Stub) -> None:
    stub.always = Reply(hang=True)
    with pytest.raises(PolicyError, match=r"is too slow: no answer within 0\.2 s; give more time with --timeout"):
        connect(timeout=0.2)


@pytest.mark.parametrize("timeout", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_timeout_that_is_none(connect: Connect, stub: Stub, timeout: float) -> None:
    with pytest.raises(PolicyError, match=f"^timeout is {timeout:g} s; give a finite number above 0$"):
        connect(timeout=timeout)
    assert stub.seen == []


def test_a_key_that_cannot_be_sent_is_told_before_any_request(
    connect: Connect, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-ä\n")
    with pytest.raises(PolicyError, match="the key in OPENAI_API_KEY holds characters that cannot be sent"):
        connect()
    assert stub.headers == {}


def test_nobody_there(connect: Connect, stub: Stub, waits: list[float]) -> None:
    with Stub() as other:
        gone = other.url
    with pytest.raises(PolicyError, match=r"cannot be reached: .*; start it, or check --server"):
        connect(url=gone)
    assert waits == []


def test_a_server_that_is_still_loading_is_waited_for(connect: Connect, stub: Stub) -> None:
    stub.script = [Reply(503, {"error": {"message": "loading model"}}), Reply(503, b"")]
    assert "stop" in connect().describe()["options"]


@pytest.mark.parametrize("status", [429, 500])
@pytest.mark.parametrize("place", [0, 1])
def test_a_server_that_stumbles_is_asked_again_before_an_option_or_an_endpoint_is_given_up(
    connect: Connect, stub: Stub, status: int, place: int
) -> None:
    stub.endpoints = ("/v1/completions", "/v1/chat/completions")
    whole = connect().describe()
    answer = Reply(body=stub.completion("/v1/completions", {"prompt": "1", "max_tokens": 24}))
    stub.script = [answer] * place + [Reply(status, {"error": "oops"})] * 2
    assert connect().describe() == whole
    assert stub.script == []


FAILURES = {
    "/v1 is busy: the server answers 429: oops; try again later": Reply(429, {"error": "oops"}),
    r"/v1 is too slow: no answer within 0\.2 s": Reply(hang=True),
    "/v1 refuses the key: .* 401: oops; set OPENAI_API_KEY": Reply(401, {"error": "oops"}),
    "/v1 cannot be reached: the connection failed": Reply(reset=True),
}


@pytest.mark.parametrize("message", FAILURES)
def test_a_failure_that_does_not_lie_in_an_option_gives_none_up(connect: Connect, stub: Stub, message: str) -> None:
    stub.fails_with, stub.failure = "logprobs", FAILURES[message]
    with pytest.raises(PolicyError, match=message):
        connect(timeout=0.2)


def test_a_server_that_breaks_without_options_too_is_not_asked_to_sample(connect: Connect, stub: Stub) -> None:
    stub.fails_after, stub.failure = 1, Reply(500, {"error": "oops"})
    with pytest.raises(PolicyError, match=r"/v1 fails on a short request to model 'toy': .* 500: oops"):
        connect()


@pytest.mark.parametrize("status", [400, 404, 415, 422, 500, 501])
def test_an_option_that_is_refused_is_left_out(connect: Connect, stub: Stub, status: int) -> None:
    stub.fails_with, stub.failure = "logprobs", Reply(status, {"error": "no"})
    assert connect().describe()["sent"] == ["stop", "seed", "whole law", "ids"]


def test_chats_are_not_given_up_for_a_server_that_fails(connect: Connect, stub: Stub) -> None:
    chat = (Message("user", "hello"),)
    policy = connect()
    assert policy.chat_text(chat) is None
    stub.endpoints = ("/v1/completions", "/v1/chat/completions")
    stub.always = Reply(500, {"error": "oops"})
    with pytest.raises(PolicyError, match="fails on a short request to model 'toy'"):
        policy.chat_text(chat)
    stub.always = None
    assert policy.chat_text(chat) == RenderedChat("user: hello", chat)


def test_the_result_says_that_it_cannot_be_repeated(connect: Connect, stub: Stub) -> None:
    described = rollout(task=LetterTask(), model=connect(), prompts=1, m=1, n=0)[0].policy
    assert described["reproducible"] is False
    assert described["device"] == f"{stub.url}/v1"
    assert described["options"] == ["stop", "logprobs=20"]
    assert described["sent"] == ["stop", "seed", "logprobs=20", "whole law", "ids"]


@pytest.mark.parametrize(
    ("top", "options"), [(None, ["stop"]), (0, ["stop", "logprobs=0"]), (5, ["stop", "logprobs=5"])]
)
def test_what_no_answer_shows_is_not_among_the_options(
    connect: Connect, stub: Stub, top: int | None, options: list[str]
) -> None:
    stub.top = top
    described = connect().describe()
    assert described["options"] == options
    assert {"logprobs=20", "ids", "seed", "whole law"} <= set(described["sent"])


def test_vocabulary_ids_that_an_answer_shows(connect: Connect, stub: Stub) -> None:
    stub.endpoints = ("/v1/chat/completions",)
    assert connect().describe()["options"] == ["stop", "logprobs=20", "ids"]


def test_an_empty_answer_shows_nothing_and_is_asked_for_again(connect: Connect, stub: Stub) -> None:
    stub.write = lambda body: "" if "stop" in body else "b c"
    policy = ServerPolicy.connect(stub.url, "toy")
    policy.close()
    assert policy.describe()["options"] == ["logprobs=20"]
    assert ["stop" in body for body in stub.seen] == [False, True, False]
    stub.write = lambda body: ""
    assert connect().describe()["options"] == []


def test_the_client_is_loaded_when_a_server_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(PolicyError, match=r"pip install 'openai>="):
        load_policy("toy", server="http://127.0.0.1:9")


@pytest.mark.parametrize("given", [{"device": "cpu"}, {"dtype": "float32"}, {"batch_tokens": 9}, {"static": True}])
def test_a_server_chooses_its_device(given: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match=f"{next(iter(given))} is given .* leave it to the server"):
        load_policy("toy", server="http://127.0.0.1:9", **given)
