"""A policy on a real server that misbehaves: what is tried again, and what fails a node."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from openai_stub import ALTERNATIVES, Connect, LetterTask, Reply, Stub

from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.errors import PolicyError
from treecore.policies.base import FinishReason, Policy
from treecore.policies.openai import client as openai_http
from treecore.protocols import Message, Prompt, StepRule
from treecore.rollouts import rollout
from treecore.rollouts.summary import summarise

pytest.importorskip("openai", reason="the package openai is not installed")

KEY = "sk-secret-1234"
OVERLONG = b'{"choices": [' + b" " * 3000


def grown(policy: Policy, **options: Any) -> list[Forest]:
    return rollout(task=LetterTask(), model=policy, **{"prompts": 2, "m": 2, "n": 2, "l": 1, "seed": 3, **options})


def one_step(policy: Policy, **law: Any) -> Forest:
    return grown(policy, prompts=1, m=1, n=0, **law)[0]


def statuses(forest: Forest) -> set[int]:
    return {int(forest.status[leaf]) for leaf in forest.leaves}


def test_a_step_goes_on_from_exactly_the_text_before_it(connect: Connect, stub: Stub) -> None:
    forest = grown(connect(), prompts=1)[0]
    asked = {body["prompt"] for body in stub.seen}
    for row in range(forest.topology.n):
        if forest.parent[row] >= 0:
            path = [one for one in forest.topology.path(int(forest.parent[row])) if forest.parent[one] >= 0]
            assert "say 0:" + "".join(forest.text[one] + forest.observation[one] for one in path) in asked
    assert len(stub.seen) == sum(forest.parent >= 0)
    assert len({body["seed"] for body in stub.seen}) == len(stub.seen)


def test_what_is_asked(connect: Connect, stub: Stub) -> None:
    one_step(connect("toy"), temperature=0.5, top_p=0.9)
    body = stub.seen[0]
    wanted = {"model": "toy", "max_tokens": 12, "temperature": 0.5, "top_p": 0.9, "stop": ["?", "!"], "logprobs": 20}
    assert {name: body[name] for name in wanted} == wanted
    assert (body["top_k"], body["min_p"], body["repetition_penalty"]) == (-1, 0.0, 1.0)


def test_columns_are_what_the_server_gives(connect: Connect, stub: Stub) -> None:
    stub.write = lambda body: "b c!"
    table = one_step(connect()).tokens
    assert table is not None
    assert "".join(table.text) == "b c!"
    assert table.logprob.tolist() == [-0.25] * 4
    assert table.confidence == pytest.approx([-sum(ALTERNATIVES[:20]) / 20] * 4)
    assert table.part.tolist() == [1, 1, 3, 3]
    assert (table.id, table.entropy) == (None, None)


@pytest.mark.parametrize("endpoint", ["/v1/completions", "/v1/chat/completions"])
def test_the_likeliest_tokens_are_kept_where_they_are_asked_for(connect: Connect, stub: Stub, endpoint: str) -> None:
    stub.endpoints, stub.write = (endpoint,), lambda body: "b c!"
    plain, more = one_step(connect()), one_step(connect(), record={"top_tokens": 3})
    assert plain.tokens is not None
    assert more.tokens is not None
    assert plain.tokens.top is None
    assert [[nats for _, nats in top] for top in more.tokens.top] == [ALTERNATIVES[:3]] * 4
    assert more.text == plain.text
    assert more.tokens.logprob.tolist() == plain.tokens.logprob.tolist()


@pytest.mark.parametrize(
    ("top", "law", "message"), [(5, {}, "tells 5 of"), (20, {"temperature": 0.5}, "temperature 1")]
)
def test_likeliest_tokens_that_a_server_does_not_tell_are_refused(
    connect: Connect, stub: Stub, top: int, law: dict[str, float], message: str
) -> None:
    stub.top = top
    with pytest.raises(PolicyError, match=message):
        one_step(connect(), record={"top_tokens": 9}, **law)


@pytest.mark.parametrize("top", [0, 5, None])
def test_what_the_server_does_not_give_is_absent(connect: Connect, stub: Stub, top: int | None) -> None:
    stub.top = top
    table = one_step(connect()).tokens
    assert getattr(table, "confidence", None) is None
    assert (getattr(table, "logprob", None) is None) == (top is None)


def test_observations_have_no_tokens(connect: Connect, stub: Stub) -> None:
    stub.write = lambda body: "c!" if "[ok]" in body["prompt"] else "ab?"
    forest = one_step(connect())
    assert forest.observation[1] == "[ok]"
    assert "".join(forest.tokens.text) == "ab?c!"


@pytest.mark.parametrize("stops", ["named", "kept", "silent", "ignored"])
def test_stop_strings_come_back_whatever_the_server_does_with_them(connect: Connect, stub: Stub, stops: str) -> None:
    stub.stops, stub.write = stops, lambda body: "a b c! e"
    policy = connect()
    forest = one_step(policy)
    assert forest.text[1] == "a b c!"
    assert "".join(forest.tokens.text) == "a b c!"
    assert forest.reward[1] == 1.0
    assert ("stop" in policy.describe()["options"]) == (stops in ("named", "kept"))
    assert ("stop" in policy.describe()["sent"]) == (stops != "silent")


def test_an_end_without_a_stop_string(connect: Connect, stub: Stub) -> None:
    stub.write = lambda body: "a b c"
    forest = one_step(connect())
    assert (forest.text[1], forest.status[1]) == ("a b c", Status.TERMINATED)


def test_a_step_that_is_too_long_is_truncated(connect: Connect, stub: Stub) -> None:
    policy = connect()
    stub.always = Reply(body={"choices": [{"text": "a b", "finish_reason": "length"}]})
    forest = one_step(policy)
    assert (forest.text[1], forest.status[1]) == ("a b", Status.TRUNCATED)
    assert forest.reward[1] == 0.0


@pytest.mark.parametrize("fields", [("logprobs",), ("seed", "top_k"), ("stop", "return_token_ids", "min_p")])
def test_fields_that_the_server_refuses_are_left_out(connect: Connect, stub: Stub, fields: tuple[str, ...]) -> None:
    stub.refuses = frozenset(fields)
    forests = grown(connect())
    assert all(statuses(forest) <= {Status.TERMINATED, Status.TRUNCATED} for forest in forests)
    assert all(stub.refuses.isdisjoint(body) for body in stub.seen)


def test_chat_where_there_are_no_plain_completions(connect: Connect, stub: Stub) -> None:
    stub.endpoints = ("/v1/chat/completions",)
    stub.write = lambda body: "c!" if len(body["messages"]) > 1 else "ab?"
    policy = connect()
    forest = one_step(policy)
    assert policy.describe()["endpoint"] == "chat"
    assert [forest.text[1], forest.text[2]] == ["ab?", "c!"]
    first, second = stub.seen
    assert "continue_final_message" not in first
    assert second["messages"][1] == {"role": "assistant", "content": "ab?[ok]"}
    assert (second["continue_final_message"], second["add_generation_prompt"]) == (True, False)
    assert forest.tokens.id.tolist() == [ord(letter) for letter in "ab?c!"]


def test_a_prompt_of_messages_goes_to_the_chat_endpoint(connect: Connect, stub: Stub) -> None:
    stub.endpoints = ("/v1/completions", "/v1/chat/completions")
    stub.write = lambda body: "c!"
    messages = (Message("system", "be short"), Message("user", "say c"))
    forest = grown(connect(), prompts=[Prompt("p", "", "say c", "c", messages=messages)], m=1, n=0)[0]
    assert forest.policy["endpoint"] == "chat"
    assert stub.seen[-1]["messages"] == [message._asdict() for message in messages]
    assert forest.text[1] == "c!"


def test_messages_for_a_server_without_chat(connect: Connect) -> None:
    with pytest.raises(PolicyError, match="no chat template"):
        grown(connect(), prompts=[Prompt("p", "", "say c", "c", messages=(Message("user", "say c"),))])


def test_the_longest_trajectory(connect: Connect, stub: Stub) -> None:
    def answer(body: dict[str, Any]) -> str:
        return "aaaa?" if body["max_tokens"] >= 5 else "a" * body["max_tokens"]

    task = LetterTask()
    task.step_rule, task.max_steps = StepRule(cut_is_end=True, max_tokens=16), 9
    stub.write = answer
    forest = rollout(task=task, model=connect(), prompts=1, m=1, n=0)[0]
    assert [text for text in forest.text if text] == ["aaaa?", "aaaa?", "aa"]
    assert [body["max_tokens"] for body in stub.seen] == [12, 16 - 5, 16 - 5 - 4 - 5]
    assert forest.status[forest.leaves[0]] == Status.TRUNCATED


def test_nothing_is_asked_for_a_branch_that_ends_after_its_step(connect: Connect, stub: Stub) -> None:
    session = connect().session(temperature=1, top_p=1, stop=("?", "!"), max_step_tokens=9)
    branch = session.grow(session.open("p"), np.random.default_rng(0))
    while not session.advance():
        pass
    state = session.reply(branch, [])
    session.end(branch)
    assert session.advance() == []
    assert (len(stub.seen), session.free) == (1, 16)
    other = session.grow(state, np.random.default_rng(1))
    while not session.advance():
        pass
    assert stub.seen[1]["prompt"] == state.prompt + state.text
    assert other.written.end is FinishReason.STOP


def test_a_greedy_branch_asks_for_the_likeliest(connect: Connect, stub: Stub) -> None:
    session = connect().session(temperature=0.7, top_p=0.9, stop=("!",), max_step_tokens=5)
    branch = session.grow(session.open("p"), np.random.default_rng(0), greedy=True)
    while not session.advance():
        pass
    assert (stub.seen[0]["temperature"], stub.seen[0]["top_p"]) == (0.0, 1.0)
    assert branch.written.logprob == []


def test_no_branch_starts_inside_a_step(connect: Connect) -> None:
    session = connect().session(temperature=1, top_p=1, stop=(), max_step_tokens=5)
    root = session.open("p")
    for call in (lambda: session.fork(root, 1), lambda: session.extend(root, [1]), lambda: session.keep(None)):
        with pytest.raises(PolicyError, match="whole steps only"):
            call()
    with pytest.raises(PolicyError, match="whole steps only"):
        session.grow(root, np.random.default_rng(0), tokens=3)


def test_a_server_that_is_busy_is_asked_again_when_it_says(connect: Connect, stub: Stub, waits: list[float]) -> None:
    policy = connect()
    stub.script = [Reply(429, {"error": {"message": "slow down"}}, {"Retry-After": "7"})]
    assert statuses(one_step(policy)) == {Status.TERMINATED}
    assert len(waits) == 1
    assert 7 <= waits[0] <= 7.5


def test_waits_grow(connect: Connect, stub: Stub, waits: list[float]) -> None:
    policy = connect()
    stub.script = [Reply(500, b"oops"), Reply(503, b"oops"), Reply(500, b"oops")]
    assert statuses(one_step(policy)) == {Status.TERMINATED}
    assert [0.25 * 2**n <= wait <= 0.5 * 2**n for n, wait in enumerate(waits)] == [True] * 3


BAD_ANSWERS = {
    "the answer is not JSON": Reply(body=b'{"choices": [{"text": "a'),
    "the answer is not a JSON object": Reply(body=[1, 2]),
    "holds no choices": Reply(body={"choices": []}),
    "holds no text": Reply(body={"choices": [{"finish_reason": "stop"}]}),
    "ended the step with 'content_filter'": Reply(body={"choices": [{"text": "", "finish_reason": "content_filter"}]}),
    "the server answers 400: too long a prompt": Reply(400, {"error": {"message": "too long a prompt"}}),
    "the server answers 500: oops": Reply(500, {"error": "oops"}),
    "redirects to http://elsewhere/, which is not followed": Reply(307, {}, {"Location": "http://elsewhere/"}),
    "the connection failed": Reply(reset=True),
    "asked long ago": Reply(429, {"detail": "asked long ago"}, {"Retry-After": "86400"}),
}


@pytest.mark.parametrize("message", BAD_ANSWERS)
def test_a_request_that_fails_for_good_is_a_failed_node(
    connect: Connect, stub: Stub, waits: list[float], message: str
) -> None:
    policy = connect()
    stub.always = reply = BAD_ANSWERS[message]
    forest = one_step(policy)
    assert statuses(forest) == {Status.FAILED}
    assert message in forest.node_extra[1]["error"]
    assert np.isnan(forest.reward[1])
    assert len(waits) == (5 if reply.reset or reply.status == 500 else 0)


def test_one_bad_answer_spoils_one_trajectory(connect: Connect, stub: Stub) -> None:
    policy = connect()
    stub.script = [Reply(400, {"detail": "no"})]
    forests = grown(policy)
    failed = [forest.status[leaf] == Status.FAILED for forest in forests for leaf in forest.leaves]
    assert sum(failed) == 1
    assert len(failed) > 4


def test_a_server_that_is_gone_costs_one_patience_only(connect: Connect, stub: Stub, waits: list[float]) -> None:
    policy = connect(concurrency=1)
    stub.always = Reply(reset=True)
    forest = grown(policy, prompts=1, m=8, n=0)[0]
    assert statuses(forest) == {Status.FAILED}
    assert len(forest.leaves) == 8
    assert len(waits) == 5


def test_a_server_that_hangs(connect: Connect, stub: Stub, waits: list[float]) -> None:
    policy = connect(timeout=0.2)
    stub.always = Reply(hang=True)
    forest = one_step(policy)
    assert forest.node_extra[1]["error"] == "no answer within 0.2 s"
    assert len(waits) == 1


@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_without_end(connect: Connect, stub: Stub, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    policy = connect()
    monkeypatch.setattr(openai_http, "MAX_ANSWER", 2048)
    stub.always = Reply(status, OVERLONG)
    assert "the answer is longer than" in one_step(policy).node_extra[1]["error"]


def test_no_more_requests_at_a_time_than_allowed(connect: Connect, stub: Stub) -> None:
    policy = connect(concurrency=3)
    session = policy.session(temperature=1, top_p=1, stop=("!",), max_step_tokens=5)
    root = session.open("p")
    branches = [session.grow(root, np.random.default_rng(place)) for place in range(5)]
    assert session.free == -2
    ended = []
    while len(ended) < 5:
        ended += session.advance()
    assert set(ended) == set(branches)
    assert session.free == 3
    assert session.advance() == []


def test_a_session_that_is_dropped_takes_its_requests_along(connect: Connect, stub: Stub) -> None:
    policy = connect()
    stub.always = Reply(hang=True)
    session = policy.session(temperature=1, top_p=1, stop=(), max_step_tokens=5)
    session.grow(session.open("p"), np.random.default_rng(0))
    assert session.advance() == []
    (job,) = session._running.values()
    del session
    assert job.cancelled()


def test_tokens_are_counted_as_the_server_counts(connect: Connect, stub: Stub) -> None:
    policy = connect()
    usage = {"prompt_tokens": 30, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 28}}
    stub.always = Reply(body={"choices": [{"text": "ab", "finish_reason": "stop"}], "usage": usage})
    provenance = one_step(policy).provenance
    assert (provenance["tokens_generated"], provenance["tokens_computed"]) == (4, 6)


@pytest.mark.parametrize(
    "usage",
    [None, {}, "x", {"prompt_tokens": -9, "completion_tokens": 2}, {"prompt_tokens": "30"}, {"completion_tokens": 2}],
)
def test_what_the_server_does_not_count_is_not_known(connect: Connect, stub: Stub, usage: Any) -> None:
    policy = connect()
    told = {"tokens": ["a", "b"], "token_logprobs": [-1.0, -1.0]}
    stub.always = Reply(body={"choices": [{"text": "ab", "finish_reason": "stop", "logprobs": told}], "usage": usage})
    forest = one_step(policy)
    assert forest.provenance["tokens_generated"] == 2
    assert not {"tokens_computed", "tokens_saved_by_sharing"} & forest.provenance.keys()
    summary = summarise([forest], seconds=1.0, fresh=[forest])
    assert np.isnan([summary.tokens_computed, summary.computed_ratio, summary.tokens_saved_by_sharing]).all()


def test_one_answer_that_is_not_counted_leaves_the_sum_unknown(connect: Connect, stub: Stub) -> None:
    policy = connect()
    choices = [{"text": "b!", "finish_reason": "stop", "logprobs": {"tokens": ["b", "!"]}}]
    stub.script = [Reply(body={"choices": choices, "usage": {"prompt_tokens": 3, "completion_tokens": 2}})]
    stub.always, counted = None, grown(policy, prompts=1, m=1, n=0)[0].provenance
    assert (counted["tokens_computed"], counted["tokens_in_forest"]) == (5, 5)
    stub.script = [Reply(body={"choices": choices, "usage": {"prompt_tokens": 3, "completion_tokens": 2}})] * 2
    stub.script += [Reply(body={"choices": choices})]
    partly = grown(policy, prompts=1, m=3, n=0)[0].provenance
    assert (partly["tokens_generated"], partly["tokens_in_forest"]) == (6, 9)
    assert not {"tokens_computed", "tokens_saved_by_sharing"} & partly.keys()


def test_tokens_that_are_neither_counted_nor_told_are_not_known(connect: Connect, stub: Stub) -> None:
    policy = connect()
    stub.always = Reply(body={"choices": [{"text": "ab", "finish_reason": "stop"}]})
    assert not [name for name in one_step(policy).provenance if name.startswith("tokens_")]


def test_an_empty_prompt_is_refused(connect: Connect) -> None:
    with pytest.raises(PolicyError, match="the prompt is empty"):
        connect().session(temperature=1, top_p=1, stop=(), max_step_tokens=5).open("")


def test_the_key_goes_to_the_server_and_nowhere_else(
    connect: Connect, stub: Stub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    policy = connect()
    assert stub.headers["authorization"] == f"Bearer {KEY}"
    assert "openai-organization" not in stub.headers
    stub.always = Reply(400, {"error": {"message": f"bad key {KEY}"}})
    forest = one_step(policy)
    assert forest.node_extra[1]["error"].endswith("bad key [key]")
    assert KEY not in f"{policy.describe()} {caplog.text}"


def test_without_a_key_none_is_sent(connect: Connect, stub: Stub) -> None:
    one_step(connect())
    assert "authorization" not in stub.headers


def test_a_failed_step_says_why(connect: Connect, stub: Stub) -> None:
    policy = connect()
    stub.always = Reply(400, {"error": {"message": "no"}})
    session = policy.session(temperature=1, top_p=1, stop=(), max_step_tokens=4)
    branch = session.grow(session.open("say"), np.random.default_rng(0))
    while not session.advance():
        pass
    failed = branch.written
    assert (failed.text, failed.token_strings, failed.end) == ("", [], None)
    assert isinstance(failed.error, PolicyError)
    assert "no" in str(failed.error)
