"""Find out by trial requests which endpoints and options a server supports beyond the bare protocol.

Servers differ in endpoints and in the fields they take: some refuse what they do not know, some ignore it. Knows the
fields, not what they are used for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from treecore.errors import PolicyError
from treecore.policies.base import TOP_LOGPROBS
from treecore.policies.openai.client import BUSY, KEY_VARIABLE, Connection, RequestError, busy, refuses, transient
from treecore.policies.openai.response import choice_text, first_choice, read_tokens
from treecore.protocols import Message, RenderedChat

PROBE_PROMPT, PROBE_TOKENS = "1 2 3 4", 24
PROBE_STOP = (" ", "e", "a", "\n")
FEWER = 5
MAX_SEED = 2**31 - 1
ABSENT = frozenset({404, 405, 501})
BROKEN, BREAKS = 500, 2
"""The status of a server that stumbled, and how often a short request is tried again after it."""


class UnansweredError(PolicyError):
    """No answer came that says what the server takes; another time one may."""


@dataclass(frozen=True)
class SamplingParams:
    """How tokens are drawn, the limits of a step and of a trajectory, and what is recorded, as in `Policy.session`."""

    temperature: float
    top_p: float
    stop: tuple[str, ...]
    max_step_tokens: int
    max_tokens: int = 0
    top_tokens: int = 0


@dataclass(frozen=True)
class Dialect:
    """How to ask one server for one model.

    Attributes:
        model: its name there.
        endpoint: `completions` or `chat`.
        options: names of the optional fields that it took, see `fields`; they are sent.
        shown: names of those whose effect its answer showed.
    """

    model: str
    endpoint: str
    options: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()

    def body(
        self, prompt: str | RenderedChat, *, text: str, params: SamplingParams, seed: int, longest: int | None = None
    ) -> dict[str, Any]:
        """The request that lets the model go on after `prompt` and `text`, for `longest` tokens if not for a step."""
        body: dict[str, Any] = {
            "model": self.model,
            "max_tokens": params.max_step_tokens if longest is None else longest,
            "temperature": params.temperature,
            "top_p": params.top_p,
        }
        if self.endpoint == "completions":
            body["prompt"] = (prompt if isinstance(prompt, str) else prompt.text) + text
        else:
            messages = (Message("user", prompt),) if isinstance(prompt, str) else prompt.messages
            asked = [message._asdict() for message in messages]
            body["messages"] = [*asked, {"role": "assistant", "content": text}] if text else asked
        for option in self.options:
            if (option != "continue" or text) and (option != "stop" or params.stop):
                body.update(fields(option, endpoint=self.endpoint, stop=params.stop, seed=seed))
        return body


def choices_of_options(endpoint: str) -> tuple[tuple[str, ...], ...]:
    """Optional fields, most wanted first; of each tuple the first that the server takes is used."""
    common = (
        ("stop",),
        ("seed",),
        (f"logprobs={TOP_LOGPROBS}", f"logprobs={FEWER}", "logprobs=1"),
        ("whole law",),
        ("ids",),
    )
    return common if endpoint == "completions" else (("continue",), *common)


def fields(option: str, *, endpoint: str, stop: Sequence[str], seed: int) -> dict[str, Any]:
    """The fields of a request that an option stands for.

    `whole law` switches off what servers cut from the distribution by default; `continue` makes a chat template leave
    the last message open; `ids` asks for vocabulary ids.
    """
    if option.startswith("logprobs="):
        n = int(option.partition("=")[2])
        return {"logprobs": n} if endpoint == "completions" else {"logprobs": True, "top_logprobs": n}
    found: dict[str, dict[str, Any]] = {
        "stop": {"stop": list(stop)},
        "seed": {"seed": seed},
        "whole law": {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0},
        "ids": {"return_token_ids": True},
        "continue": {"continue_final_message": True, "add_generation_prompt": False},
    }
    return found[option]


async def find_dialect(
    connection: Connection, model: str, *, endpoints: Sequence[str] = ("completions", "chat")
) -> Dialect:
    """Ask the server what it takes at the first of these endpoints that it has.

    Raises:
        UnansweredError: it cannot be reached, has no time or fails.
        PolicyError: it refuses the key or the model.
    """
    refused: list[RequestError] = []
    for endpoint in endpoints:
        bare = Dialect(model, endpoint)
        try:
            again = but_not_for_ever(transient if refused else busy)
            answer = await connection.ask(endpoint, probe(bare), again=again)
        except RequestError as refusal:
            if not refuses(refusal):
                offered = await connection.models() if busy(refusal) else ()
                raise hopeless(connection, model, refusal, offered=offered) from None
            refused.append(refusal)
        else:
            try:
                choice_text(first_choice(answer))
            except PolicyError as error:
                raise error.at(f"server {connection.url}") from None
            return await with_options(connection, bare)
    telling = next((one for one in refused if one.status not in ABSENT), refused[0])
    raise hopeless(connection, model, telling, offered=await connection.models())


def hopeless(connection: Connection, model: str, refusal: RequestError, *, offered: Sequence[str] = ()) -> PolicyError:
    """Why there is no point in going on, in one line; `offered` are the models that the server lists."""
    server, what, status = f"server {connection.url}", f"a short request to model {model!r}", refusal.status
    if refusal.kind == "timeout":
        return UnansweredError(f"{server} is too slow: {refusal}", todo="give more time with --timeout, or see its log")
    if refusal.kind == "unreachable":
        return UnansweredError(f"{server} cannot be reached: {refusal}", todo="start it, or check --server")
    if refusal.kind == "answer":
        return PolicyError(f"{server} is not OpenAI-compatible: {refusal}", todo="check --server")
    if status in (401, 403):
        return PolicyError(f"{server} refuses the key: {refusal}", todo=f"set {KEY_VARIABLE}")
    if 300 <= status < 400:
        return PolicyError(f"{server} is elsewhere: {refusal}", todo="give the address that it redirects to")
    if status in BUSY:
        return UnansweredError(f"{server} is busy: {refusal}", todo="try again later")
    if offered and model not in offered:
        listed = f"it offers {', '.join(offered[:10])}"
        return PolicyError(f"{server} does not serve model {model!r}: {refusal}", todo=listed)
    if transient(refusal):
        return UnansweredError(f"{server} fails on {what}: {refusal}", todo="look into its log, or check --model")
    if status in ABSENT and offered:
        return PolicyError(
            f"{server} lists model {model!r}, but answers neither completions nor chats: {refusal}",
            todo="check --server, and that the model is one that writes",
        )
    if status in ABSENT:
        return PolicyError(f"{server} does not serve model {model!r}: {refusal}", todo="check --server and --model")
    return PolicyError(f"{server} refuses {what}: {refusal}", todo="check how it was started, and --model")


async def with_options(connection: Connection, bare: Dialect) -> Dialect:
    """The same with all options that the server takes; asked together, then one by one where it takes not all."""
    wanted = choices_of_options(bare.endpoint)
    full = Dialect(bare.model, bare.endpoint, tuple(group[0] for group in wanted))
    answer = await taken(connection, full)
    if answer is None:
        full = bare
        for group in wanted:
            for option in group:
                more = Dialect(bare.model, bare.endpoint, (*full.options, option))
                if (reply := await taken(connection, more)) is not None:
                    full, answer = more, reply
                    break
    if answer is None:
        return full
    endless = replace(full, options=tuple(one for one in full.options if one != "stop"))
    shown = found_in(answer, full)
    if not (choice_text(first_choice(answer)) or read_tokens(first_choice(answer))):
        shown += found_in(await taken(connection, endless) or {}, endless)
    return replace(full if tells_stops(answer) else endless, shown=shown)


async def taken(connection: Connection, dialect: Dialect) -> Mapping[str, Any] | None:
    """The answer to a short request with these options; None when the server refuses them, answers what cannot be
    read, or breaks every time with them and never without.

    Raises:
        PolicyError: the reason does not lie in the options.
    """
    try:
        answer = await connection.ask(dialect.endpoint, probe(dialect), again=but_not_for_ever())
        choice_text(first_choice(answer))
    except RequestError as refusal:
        if refusal.kind == "answer" or refuses(refusal):
            return None
        if refusal.status == BROKEN and await answers(connection, replace(dialect, options=())):
            return None
        raise hopeless(connection, dialect.model, refusal) from None
    except PolicyError:
        return None
    return answer


async def answers(connection: Connection, bare: Dialect) -> bool:
    """Whether a short request without options is answered."""
    try:
        await connection.ask(bare.endpoint, probe(bare), again=but_not_for_ever())
    except RequestError:
        return False
    return True


def but_not_for_ever(passing: Callable[[RequestError], bool] = transient) -> Callable[[RequestError], bool]:
    """Which refusals to try again: those that are `passing`, but a server that breaks not more than `BREAKS` times."""
    broke = 0

    def again(refusal: RequestError) -> bool:
        nonlocal broke
        broke += refusal.status == BROKEN
        return passing(refusal) and broke <= BREAKS

    return again


def probe(dialect: Dialect) -> dict[str, Any]:
    """A request of a few tokens."""
    params = SamplingParams(temperature=1.0, top_p=1.0, stop=PROBE_STOP, max_step_tokens=PROBE_TOKENS)
    return dialect.body(PROBE_PROMPT, text=" 5" if "continue" in dialect.options else "", params=params, seed=0)


def tells_stops(answer: Mapping[str, Any]) -> bool:
    """Whether a stop string is distinguishable from the model's own end: it is kept in the text, or named.

    Where it cannot, stop strings are not sent, and steps are cut here.
    """
    choice = first_choice(answer)
    return "stop_reason" in choice or "matched_stop" in choice or any(one in choice_text(choice) for one in PROBE_STOP)


def found_in(answer: Mapping[str, Any], dialect: Dialect) -> tuple[str, ...]:
    """Options of a dialect whose effect an answer shows: a step that a stop string ended, log probabilities with so
    many alternatives a token, vocabulary ids. What a seed or a temperature did cannot be seen."""
    if not answer:
        return ()
    choice = first_choice(answer)
    text, tokens = choice_text(choice), read_tokens(choice)
    named = choice.get("stop_reason") or choice.get("matched_stop")
    first = min((text.find(one) for one in PROBE_STOP if one in text), default=-2)
    found = []
    if "stop" in dialect.options and (named in PROBE_STOP or first == len(text) - 1):
        found.append("stop")
    if any(not math.isnan(token.logprob) for token in tokens):
        found.append(f"logprobs={min(TOP_LOGPROBS, max(token.alternatives for token in tokens))}")
    if tokens and all(token.id >= 0 for token in tokens):
        found.append("ids")
    return tuple(found)


def check_top(dialect: Dialect, wanted: int, *, plain: bool) -> None:
    """The server tells so many of the likeliest tokens, and of the model's own distribution.

    Raises:
        PolicyError: it does not.
    """
    if not plain:
        raise PolicyError(
            "whose distribution a server's likeliest tokens are of is known at temperature 1 and top-p 1 only",
            todo="sample with these, or leave out the likeliest tokens",
        )
    given = [int(one.partition("=")[2]) for one in dialect.shown if one.startswith("logprobs=")]
    if max(given, default=0) < wanted:
        raise PolicyError(
            f"the server tells {max(given, default=0)} of the likeliest tokens where {wanted} are wanted",
            todo="record fewer, or start it so that it tells more",
        )
