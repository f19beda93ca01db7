"""NeMo-RL: `train_data_step<N>.jsonl` and `val_data_step<N>.jsonl` of a run, one rollout a line.

Fields are those of `nemo_rl/algorithms/grpo.py`, where it logs training data; all lists of tokens have one length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

from treecore.formats.fields import needed, number_in, wrong
from treecore.formats.messages import Asked, asked, chat, is_chat
from treecore.formats.notes import Notes
from treecore.formats.paths import path_of, step_in_path
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import rest_of, row_keys, rows
from treecore.formats.source import Source
from treecore.formats.token_lists import ids_in, mask_in, mean, numbers_in, step_tokens, stretches_of, unequal

KEYS = frozenset({"idx", "content", "rewards"})
OF_TOKENS = ("advantages", "generation_logprobs", "prev_logprobs")
USED = KEYS | {*OF_TOKENS, "token_ids", "token_loss_mask", "input_lengths"}
STEP = re.compile(r"data_step(\d+)")
KIND = re.compile(r"(\w+)_data_step\d+")


def looks_like_nemo_rl(source: Source) -> bool:
    """Rows with a number, contents and a reward."""
    return row_keys(source) >= KEYS


@rollout_format(
    name="nemo_rl",
    title="NeMo-RL training data",
    extensions=(".jsonl",),
    detect=looks_like_nemo_rl,
    written_by="NeMo-RL's GRPO: exp_N/train_data_stepN.jsonl and val_data_stepN.jsonl in the log folder",
    lost="log probabilities of single tokens under the trained policy, and token ids of prompts",
    fields=USED | {"sample_loss_mask"},
)
def read_nemo_rl(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a line; those of one file with the same prompt are a group, as no group is recorded."""
    step, kind = step_in_path(source, STEP), KIND.findall(path_of(source))
    notes.guess("rollouts of one training step with the same prompt are one group")
    for fields, where in rows(source):
        rollout = rollout_of(fields, notes, where)
        rollout.training_step, rollout.group = step, (kind[-1] if kind else "", rollout.prompt)
        yield rollout


def rollout_of(fields: Mapping[str, Any], notes: Notes, where: str) -> Rollout:
    """One rollout: a turn for each stretch of tokens that are trained on."""
    content = needed(fields, "content", where=where)
    lists, stretches, last = tokens_of(fields, where)
    if is_chat(content):
        prompt, extra, turns = chat(content)
        turns = turns or [Turn()]
    else:
        (prompt, extra), turns = parted(content, len(stretches), last, notes, where)
    if len(stretches) == len(turns):
        for turn, stretch in zip(turns, stretches, strict=True):
            ids, logprobs = (lists[name][stretch] for name in ("token_ids", "generation_logprobs"))
            turn.tokens = step_tokens(ids, logprobs, entropy=(), names="generation_logprobs", where=where)
            if (before := mean(lists["prev_logprobs"][stretch])) is not None:
                turn.columns["prev_logprobs"] = before
    elif stretches:
        notes.drop("tokens of rollouts whose stretches of tokens are not as many as their turns")
    claim(turns, [lists["advantages"][stretch] for stretch in stretches])
    rollout = Rollout(prompt=prompt, turns=turns, prompt_extra=extra, where=where)
    return rollout.scored(number_in(fields, "rewards", where=where)).keep(rest_of(fields, USED))


class Tokens(NamedTuple):
    """The lists of tokens without the padding at their end.

    Attributes:
        lists: by name; stretches: those that the model wrote; last: whether it wrote the last token.
    """

    lists: dict[str, list[Any]]
    stretches: list[slice]
    last: bool


def tokens_of(fields: Mapping[str, Any], where: str) -> Tokens:
    """The tokens of one rollout."""
    lists: dict[str, list[Any]] = {name: numbers_in(fields, name, where=where) for name in OF_TOKENS}
    lists["token_ids"] = ids_in(fields, "token_ids", where=where)
    size = max(map(len, lists.values()))
    mask = mask_in(fields, "token_loss_mask", size, where)
    for name, values in lists.items():
        if values and len(values) != size:
            raise unequal(name, len(values), size, where)
    length = number_in(fields, "input_lengths", where=where)
    if length is not None and not 0 <= length <= 1e9:
        raise wrong("input_lengths", length, "a number of tokens", where=where)
    end = size if length is None else int(length)
    stretches = stretches_of(mask[:end])
    last = bool(stretches) and stretches[-1].stop == min(end, size)
    if end < size:
        lists = {name: values[:end] for name, values in lists.items()}
    return Tokens(lists, stretches, last)


def parted(content: Any, n_turns: int, last: bool, notes: Notes, where: str) -> tuple[Asked, list[Turn]]:
    """Prompt and turns of texts without roles: after the prompt, the model and its environment take turns.

    Args:
        n_turns: number of turns of the model, 0 unknown; last: whether the last text is the model's.
    """
    texts = [content] if isinstance(content, str) else content
    if not isinstance(texts, list) or not texts or not all(isinstance(one, str) for one in texts):
        raise wrong("content", content, "a list of texts", where=where)
    if len(texts) == 1:
        notes.guess("prompt and answer stand in one text, which is taken for the answer")
        return Asked("", {}), [Turn(text=texts[0])]
    first = 1
    if n_turns:
        first = min(max(len(texts) - 2 * n_turns + last, 1), len(texts) - 1)
    elif len(texts) > 2:
        notes.guess("the first text is the prompt, then the model and its environment take turns")
    said = [*texts[first:], ""]
    turns = [Turn(text=said[n], observation=said[n + 1]) for n in range(0, len(said) - 1, 2)]
    return asked("\n\n".join(texts[:first])), turns


def claim(turns: list[Turn], advantages: list[list[float]]) -> None:
    """The advantages that a file claims: on the last turn where all tokens have one, else on each its tokens' mean."""
    values = {value for value in set(chain.from_iterable(advantages)) if value == value}
    if len(values) == 1:
        turns[-1].claimed["advantage"] = float(values.pop())
    elif len(advantages) == len(turns):
        for turn, part in zip(turns, advantages, strict=True):
            if (credit := mean(part)) is not None:
                turn.claimed["advantage"] = credit
                if len(set(part)) > 1:
                    turn.extra["token_advantages"] = part
    elif (credit := mean([value for part in advantages for value in part])) is not None:
        turns[-1].claimed["advantage"] = credit
