"""prime-rl token exports: `token_exports/step_N/rank_R.jsonl`, numbers of every token of a sequence, without texts.

Fields are those of `prime_rl/trainer/rl/token_export.py`; all lists of a line have one length.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from treecore.core.numerals import counted
from treecore.formats.fields import training_step_in, wrong
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text, row_keys, rows
from treecore.formats.source import Source
from treecore.formats.token_lists import ids_in, mask_in, mean, numbers_in, step_tokens, stretches_of, unequal

KEYS = frozenset({"schema_version", "token_ids", "loss_mask"})
OF_STEP = ("importance_ratio", "mismatch_kl", "prob_delta", "trainer_logprobs")
"""Lists whose mean over the tokens of a step is a column."""
OF_TOKENS = ("advantages", "rewards", "inference_logprobs", "entropy")
KEPT = ("micro_step", "micro_sequence_idx", "export_sequence_idx", "rank", "run_id", "step")
SHOWN = 12
"""Token ids of a prompt that are shown."""


def looks_like_export(source: Source) -> bool:
    """Rows of token ids with a mask and log probabilities, and no text."""
    keys = row_keys(source)
    return keys >= KEYS and bool(keys & {"inference_logprobs", "trainer_logprobs"})


@rollout_format(
    name="prime_rl_tokens",
    title="prime-rl token export",
    extensions=(".jsonl",),
    detect=looks_like_export,
    written_by="prime-rl with trainer.enable_token_export, token_exports/step_N/rank_R.jsonl",
    lost="numbers of single tokens but id, log probability and entropy: their mean over a step is a column",
    fields=KEYS | {*OF_STEP, *OF_TOKENS, "position_ids", "losses", "micro_step"},
)
def read_exports(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a line; those of one training step whose prompts are the same tokens are a group."""
    notes.guess("sequences of one training step that begin with the same tokens are one group")
    for fields, where in rows(source):
        yield rollout_of(fields, where)


def rollout_of(fields: Mapping[str, Any], where: str) -> Rollout:
    """One sequence: a step for each stretch of tokens that are trained on."""
    ids = ids_in(fields, "token_ids", where=where)
    mask = mask_in(fields, "loss_mask", len(ids), where)
    if not any(mask):
        raise wrong("loss_mask", mask, "true for any token", where=where)
    lists = {name: numbers_in(fields, name, where=where) for name in (*OF_STEP, *OF_TOKENS)}
    for name, values in lists.items():
        if values and len(values) != len(ids):
            raise unequal(name, len(values), len(ids), where)
    stretches = stretches_of(mask)
    turns = [turn_of(ids, lists, part, where) for part in stretches]
    prompt = ids[: stretches[0].start]
    turns[-1].extra |= {name: fields[name] for name in KEPT if fields.get(name) is not None}
    end, first = stretches[-1].stop - 1, map(str, prompt[:SHOWN])
    return Rollout(
        prompt=f"{counted(len(prompt), 'token')}: {' '.join(first)}{' ...' if len(prompt) > SHOWN else ''}",
        turns=turns,
        group=(as_text(fields.get("run_id")), tuple(prompt)),
        training_step=training_step_in(fields, "export_step", "step"),
        task=as_text(fields.get("env_name")),
        prompt_extra={"token_ids": prompt},
        where=where,
    ).scored(lists["rewards"][end] if lists["rewards"] else None)


def turn_of(ids: Sequence[int], lists: Mapping[str, Sequence[float]], part: slice, where: str) -> Turn:
    """One step."""
    logprob = lists["inference_logprobs"][part]
    tokens = step_tokens(ids[part], logprob, entropy=lists["entropy"][part], names="inference_logprobs", where=where)
    columns = {name: value for name in OF_STEP if (value := mean(lists[name][part])) is not None}
    credit = mean(lists["advantages"][part])
    return Turn(tokens=tokens, columns=columns, claimed={} if credit is None else {"advantage": credit})
