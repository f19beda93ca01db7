"""The message graph of a verifiers trace as turns. Fields are those of `verifiers/v1/graph.py` and `trace.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from treecore.core.builder import StepTokens
from treecore.errors import FormatError
from treecore.formats.conversation import Conversation
from treecore.formats.endings import ending
from treecore.formats.fields import list_in, object_in, wrong
from treecore.formats.messages import beside, content_text
from treecore.formats.notes import Notes
from treecore.formats.rollout import PROMPT, Turn
from treecore.formats.token_lists import ids_in, mask_in, masked, mean, numbers_in, step_tokens

Node = Mapping[str, Any]
KEPT = ("semantic_parents", "reference_logprobs", "trainer_logprobs", "loss_weights", "advantages")
"""Fields of a node that are kept beside its turn."""
MAX_STEPS = 5_000_000
"""Messages of one trace that are walked over from its turns to those before."""


def conversation_of(trace: Mapping[str, Any], notes: Notes, where: str) -> Conversation:
    """All turns of a trace, one for each message that the model wrote.

    Raises:
        FormatError: a field has the wrong type, or a parent is no message before.
    """
    nodes = list_in(trace, "nodes", where=where)
    parents = [parent_of(node, place, where) for place, node in enumerate(nodes)]
    talk, numbers, left = Conversation(), dict[int, int](), MAX_STEPS
    calls = calls_of(trace, where)
    inner = set(parents)
    for place, node in enumerate(nodes):
        own = node.get("sampled") is True
        if not own and place in inner:
            continue
        heard, above = [] if own else [place], parents[place]
        while above >= 0 and above not in numbers:
            heard.append(above)
            above, left = parents[above], left - 1
            if left < 0:
                raise FormatError(f"more than {MAX_STEPS:,} messages between turns", where=where, todo="split the file")
        before = [object_in(nodes[one], "message", where=where) for one in reversed(heard)]
        if own:
            turn = turn_of(node, calls.get(place, {}), notes, f"{where}, nodes[{place}]")
            numbers[place] = talk.add(turn, before, numbers.get(above, PROMPT))
            talk.prompt = talk.prompt if len(talk.turns) > 1 else before
        elif above >= 0:
            talk.ends[numbers[above]] = before
        elif not talk.turns:
            talk.prompt = before
    return talk


def parent_of(node: Any, place: int, where: str) -> int:
    """Number of the message before a message, -1 for none."""
    if not isinstance(node, dict):
        raise wrong(f"nodes[{place}]", node, "an object", where=where)
    parent = node.get("parent")
    if parent is None:
        return -1
    if not isinstance(parent, int) or isinstance(parent, bool) or not 0 <= parent < place:
        raise wrong(f"nodes[{place}].parent", parent, "the number of a node before", where=where)
    return parent


def calls_of(trace: Mapping[str, Any], where: str) -> dict[int, dict[str, Any]]:
    """The call of the model that gave a message, by the number of its node."""
    calls = [call for call in list_in(trace, "calls", where=where) if isinstance(call, dict)]
    return {node: call for call in calls if isinstance(node := call.get("node"), int)}


def turn_of(node: Node, call: Mapping[str, Any], notes: Notes, where: str) -> Turn:
    """The turn of a message that the model wrote."""
    message = object_in(node, "message", where=where)
    turn = Turn(text=content_text(message.get("content")), extra=beside(message), tokens=tokens_of(node, where))
    turn.extra |= {name: node[name] for name in KEPT if node.get(name) not in (None, [], {})}
    turn.status = ending(call.get("finish_reason"))
    usage = call.get("usage")
    count = usage.get("completion_tokens") if isinstance(usage, dict) else None
    if isinstance(count, int) and 0 <= count < 1 << 31:
        turn.n_tokens = count
    credit = numbers_in(node, "advantages", where=where)
    if (value := mean(credit)) is not None:
        turn.claimed["advantage"] = value
        if credit.count(credit[0]) < len(credit):
            notes.guess("an advantage that differs between the tokens of a step is claimed as their mean")
        else:
            del turn.extra["advantages"]
    return turn


def tokens_of(node: Node, where: str) -> StepTokens | None:
    """The tokens that the model wrote; log probabilities are of those alone, in their order."""
    ids = ids_in(node, "token_ids", where=where)
    mask = mask_in(node, "mask", len(ids), where)
    logprob, entropy = (numbers_in(node, name, where=where) for name in ("logprobs", "entropies"))
    return step_tokens(masked(ids, mask=mask), logprob, entropy=entropy, names="logprobs", where=where)
