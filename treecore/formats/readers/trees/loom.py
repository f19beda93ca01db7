"""loom (socketteer): trees that people write with a model; nested JSON, tokens in `model_responses`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from treecore.core.builder import NAN, StepTokens
from treecore.formats.fields import list_in, object_in
from treecore.formats.notes import Notes
from treecore.formats.readers.trees.fields import keep
from treecore.formats.readers.trees.nested import walk
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text, rest_of, rows
from treecore.formats.source import Source

MAX_NATS = 1e9
"""Log probability, in nats, either way."""


def looks_like_loom(source: Source) -> bool:
    """An object whose root has a text and children."""
    if "root" not in source.fields:
        return False
    root = source.head.get("root")
    return isinstance(root, dict) and "text" in root and isinstance(root.get("children"), list)


@rollout_format(
    name="loom",
    title="loom",
    extensions=(".json",),
    detect=looks_like_loom,
    written_by="socketteer's loom: `data/<name>.json`",
    fields=frozenset({"root", "chapters"}),
)
def read_loom(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A tree a file; the text of the root is the prompt. Nothing is scored in such files."""
    for fields, where in rows(source):
        responses = object_in(fields, "model_responses", where=where)
        turns = []
        for node in walk(object_in(fields, "root", where=where), "children", where=where):
            turn = Turn(text=as_text(node.fields.get("text")), parent=node.above)
            name = node.fields.get("id")
            turn.name = name if isinstance(name, str) and name else None
            turn.tokens = _tokens(node.fields.get("generation"), responses, turn.text, where=node.where)
            keep(turn, node.fields, ("text", "children", "id", "parent_id"))
            turns.append(turn)
        prompt, turns[0].text, turns[0].tokens = turns[0].text, "", None
        if len({turn.name for turn in turns}) < len(turns):
            for turn in turns:
                turn.name = None
        rest = rest_of(fields, {"root", "model_responses"})
        yield Rollout(prompt=prompt, turns=turns, group=where, prompt_extra=rest, where=where)
    notes.recognise("the text of the root as the prompt")


def _tokens(generation: Any, responses: dict[str, Any], text: str, *, where: str) -> StepTokens | None:
    """The tokens of a node that is an answer of a model as it came; None where people changed it."""
    if not isinstance(generation, dict):
        return None
    response, index = responses.get(as_text(generation.get("id"))), generation.get("index")
    if not isinstance(response, dict) or not isinstance(index, int):
        return None
    completions = list_in(response, "completions", where=where)
    if not 0 <= index < len(completions) or not isinstance(completions[index], dict):
        return None
    tokens = [_token(token) for token in list_in(completions[index], "tokens", where=where)]
    if "".join(piece for piece, _ in tokens) != text or not tokens:
        return None
    return StepTokens(text=[piece for piece, _ in tokens], logprob=[number for _, number in tokens])


def _token(token: Any) -> tuple[str, float]:
    generated = token.get("generatedToken") if isinstance(token, dict) else None
    if not isinstance(generated, dict):
        return "\0", NAN
    number = generated.get("logprob")
    if not isinstance(number, int | float) or not abs(number) <= MAX_NATS:
        number = NAN
    return as_text(generated.get("token")), float(number)
