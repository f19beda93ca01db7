"""Parse the JSON of a completion into a `Completion`: text, finish reason, tokens, log probabilities, usage.

What the server does not give stays absent, and nothing is made up for it. Knows no HTTP and no tree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from treecore.errors import PolicyError
from treecore.policies.base import TOP_LOGPROBS, Completion, FinishReason
from treecore.policies.local.detokenize import INCOMPLETE

DECIMALS = 6
FLOOR = -9999.0
"""Servers write this, or less, for a probability of zero."""

NAN = float("nan")


@dataclass(frozen=True)
class Answer:
    """A step, and the tokens that the server counted.

    Attributes:
        written: the step; its columns are empty where the server gave nothing.
        prompt: tokens that were sent; None when the server does not count.
        cached: of these, those that the server says it did not compute again.
        sampled: tokens that were drawn; None when the server neither counts nor sends them.
    """

    written: Completion
    prompt: int | None
    cached: int
    sampled: int | None


@dataclass(frozen=True)
class Token:
    """One token as the server reports it.

    Attributes:
        text, logprob, confidence: as in `Completion`; NaN where not reported.
        id: in the vocabulary; -1 when not reported.
        raw: its bytes; None when not reported.
        top: tokens at its place whose log probabilities are reported, as text and nats, likeliest first.
    """

    text: str
    logprob: float
    confidence: float
    id: int = -1
    raw: bytes | None = None
    top: tuple[tuple[str, float], ...] = ()

    @property
    def alternatives(self) -> int:
        """How many tokens are reported at its place."""
        return len(self.top)


def read_answer(answer: Mapping[str, Any], *, stop: Sequence[str], plain: bool, top_tokens: int = 0) -> Answer:
    """The first choice of a completion or of a chat completion.

    Args:
        answer: the whole JSON object.
        stop: strings that end a step; the step keeps the one that ended it.
        plain: temperature and top-p are 1. A server's numbers may be of the model's own distribution or of the
            one that was drawn from; only then are they the same, and only then are they kept.
        top_tokens: how many of the likeliest tokens to keep of each place.

    Raises:
        PolicyError: it is no completion, or it did not end as a step can.
    """
    choice = first_choice(answer)
    text = choice_text(choice)
    cut, end = ended(choice, text, stop)
    tokens = read_tokens(choice)
    usage = count(answer.get("usage"))
    written = Completion(text=cut, end=end)
    if tokens:
        fill(written, tokens, plain=plain, top_tokens=top_tokens)
    sampled = usage["completion_tokens"]
    return Answer(
        written,
        prompt=usage["prompt_tokens"],
        cached=usage["cached_tokens"] or 0,
        sampled=(len(tokens) or None) if sampled is None else sampled,
    )


def first_choice(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises: PolicyError: there is none."""
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise PolicyError(
            "the server's answer holds no choices", todo="check its log, and that it is OpenAI-compatible"
        )
    return choices[0]


def choice_text(choice: Mapping[str, Any]) -> str:
    """What the model wrote. Raises: PolicyError: no text, or reasoning separated from it."""
    message = choice.get("message")
    if not isinstance(message, dict):
        if not isinstance(choice.get("text"), str):
            raise no_text()
        return str(choice["text"])
    if message.get("reasoning_content") or message.get("reasoning"):
        raise PolicyError(
            "the server tells reasoning apart from the answer", todo="start it without a reasoning parser"
        )
    content = message.get("content")
    if not isinstance(content, str | None):
        raise no_text()
    return content or ""


def no_text() -> PolicyError:
    """An answer in which a text has no place."""
    return PolicyError("the server's answer holds no text", todo="use a model that answers in text")


def ended(choice: Mapping[str, Any], text: str, stop: Sequence[str]) -> tuple[str, FinishReason]:
    """The step's text up to and with its stop string, and why it ended.

    A stop string that the server cut off is put back when the server names it (`stop_reason`, `matched_stop`).

    Raises:
        PolicyError: it ended for another reason, such as a content filter.
    """
    found = [(text.find(one) + len(one), one) for one in stop if one in text]
    if found:
        return text[: min(found)[0]], FinishReason.STOP
    reason = choice.get("finish_reason")
    named = choice.get("stop_reason") or choice.get("matched_stop")
    if reason == "stop" and isinstance(named, str) and named in stop:
        return text + named, FinishReason.STOP
    if reason in ("stop", "eos"):
        return text, FinishReason.EOS
    if reason == "length":
        return text, FinishReason.STEP
    raise PolicyError(
        f"the server ended the step with {str(reason)[:40]!r}", todo="start it without filters and without tools"
    )


def count(usage: Any) -> dict[str, int | None]:
    """Numbers of tokens that the server reported; None for each that it did not."""
    usage = usage if isinstance(usage, dict) else {}
    details = usage.get("prompt_tokens_details")
    usage = {**usage, "cached_tokens": details.get("cached_tokens") if isinstance(details, dict) else None}
    names = ("prompt_tokens", "completion_tokens", "cached_tokens")
    return {name: None if (value := whole_number(usage.get(name))) < 0 else value for name in names}


def read_tokens(choice: Mapping[str, Any]) -> list[Token]:
    """Tokens of a choice in order; none when the server gives none, or gives them in a shape of its own."""
    logprobs = choice.get("logprobs")
    if not isinstance(logprobs, dict):
        return []
    tokens = modern(logprobs["content"]) if isinstance(logprobs.get("content"), list) else legacy(logprobs)
    ids = choice.get("token_ids")
    if isinstance(ids, list) and len(ids) == len(tokens):
        return [replace(token, id=whole_number(one)) for token, one in zip(tokens, ids, strict=True)]
    return tokens


def modern(content: Sequence[Any]) -> list[Token]:
    """The shape of chat completions: an object a token."""
    tokens = []
    for entry in content:
        if not isinstance(entry, dict) or not isinstance(entry.get("token"), str):
            return []
        top = found if isinstance(found := entry.get("top_logprobs"), list) else []
        pairs = [(one.get("token"), one.get("logprob")) for one in top if isinstance(one, dict)]
        own, vocabulary, raw = entry.get("logprob"), whole_number(entry.get("id")), raw_bytes(entry.get("bytes"))
        tokens.append(Token(entry["token"], nats(own), confidence(pairs), vocabulary, raw, likeliest(pairs)))
    return tokens


def legacy(logprobs: Mapping[str, Any]) -> list[Token]:
    """The shape of completions: a list a column."""
    texts, own, top = (logprobs.get(name) for name in ("tokens", "token_logprobs", "top_logprobs"))
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return []
    own = own if isinstance(own, list) and len(own) == len(texts) else [None] * len(texts)
    top = top if isinstance(top, list) and len(top) == len(texts) else [None] * len(texts)
    pairs = [list(best.items()) if isinstance(best, dict) else [] for best in top]
    return [
        Token(text, nats(value), confidence(others), top=likeliest(others))
        for text, value, others in zip(texts, own, pairs, strict=True)
    ]


def nats(value: Any) -> float:
    """A log probability; NaN for anything else."""
    usable = isinstance(value, int | float) and not isinstance(value, bool) and FLOOR < value <= 1e-3
    return round(min(float(value), 0.0), DECIMALS) + 0.0 if usable else NAN


def confidence(pairs: Sequence[tuple[Any, Any]]) -> float:
    """Minus the mean of the `TOP_LOGPROBS` largest log probabilities of these tokens; NaN when fewer are given."""
    largest = [value for _, value in likeliest(pairs)][:TOP_LOGPROBS]
    return round(-sum(largest) / TOP_LOGPROBS, DECIMALS) + 0.0 if len(largest) == TOP_LOGPROBS else NAN


def likeliest(pairs: Sequence[tuple[Any, Any]]) -> tuple[tuple[str, float], ...]:
    """Those of these tokens that have a text and a log probability, likeliest first."""
    known = [(text, nats(value)) for text, value in pairs if isinstance(text, str) and not math.isnan(nats(value))]
    return tuple(sorted(known, key=lambda pair: -pair[1]))


def whole_number(value: Any) -> int:
    """A vocabulary id or a count; -1 when there is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31 else -1


def raw_bytes(value: Any) -> bytes | None:
    """Bytes of a token, given as a list of numbers."""
    if not isinstance(value, list) or not all(isinstance(one, int) and 0 <= one < 256 for one in value):
        return None
    return bytes(value)


def fill(written: Completion, tokens: Sequence[Token], *, plain: bool, top_tokens: int = 0) -> None:
    """Put the columns that all tokens allow into the step; none when the tokens do not spell its text."""
    token_strings = spell(tokens, written.text)
    if token_strings is None or (written.end is not FinishReason.STOP and "".join(token_strings) != written.text):
        return
    kept = len(token_strings)
    if written.end is FinishReason.EOS and kept == len(tokens) - 1:
        token_strings, kept = [*token_strings, tokens[-1].text], len(tokens)
    written.token_strings = token_strings
    ids = [token.id for token in tokens[:kept]]
    written.ids = ids if -1 not in ids else []
    if plain:
        written.logprob = present([token.logprob for token in tokens[:kept]])
        written.confidence = present([token.confidence for token in tokens[:kept]])
        top = [token.top[:top_tokens] for token in tokens[:kept]]
        written.top = top if any(top) else []


def present(values: list[float]) -> list[float]:
    """The column, or nothing when no value of it is assigned."""
    return [] if all(math.isnan(value) for value in values) else values


def spell(tokens: Sequence[Token], text: str) -> list[str] | None:
    """Pieces of `text`, one for each token up to its end; None when the tokens spell something else.

    The last piece is cut where the text ends. A character made of several tokens belongs to the one that completes
    it. Where a server leaves out the tokens of a stop string, the pieces end before it.
    """
    ends = byte_ends(tokens)
    if ends is None:
        return by_text(tokens, text)
    data, whole = text.encode("utf-8", "surrogatepass"), b"".join(token.raw or b"" for token in tokens)
    if not (whole.startswith(data) or data.startswith(whole)):
        return by_text(tokens, text)
    token_strings, at = [], 0
    for end in ends:
        if at >= len(data):
            break
        till = min(end, len(data))
        while till < len(data) and till > at and data[till] & 0xC0 == 0x80:
            till -= 1
        token_strings.append(data[at:till].decode("utf-8", "replace"))
        at = till
    return token_strings


def byte_ends(tokens: Sequence[Token]) -> list[int] | None:
    """Where each token ends in the bytes of all of them; None when a token's bytes are not reported."""
    ends, at = [], 0
    for token in tokens:
        if token.raw is None:
            return None
        at += len(token.raw)
        ends.append(at)
    return ends


def by_text(tokens: Sequence[Token], text: str) -> list[str] | None:
    """As `spell`, from the texts of tokens alone; a part of a character shows as U+FFFD there."""
    token_strings: list[str] = []
    at, parts = 0, False
    for token in tokens:
        if at >= len(text):
            break
        if INCOMPLETE in token.text:
            token_strings.append("")
            parts = True
            continue
        if parts:
            found = text.find(token.text, at + 1)
            if found < 0:
                return None
            token_strings[-1], at, parts = text[at:found], found, False
        piece = text[at : at + len(token.text)]
        if not token.text.startswith(piece):
            return None
        token_strings.append(piece)
        at += len(piece)
    if parts:
        token_strings[-1] = text[at:]
    return token_strings
