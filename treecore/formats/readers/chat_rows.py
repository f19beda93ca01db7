"""Chat rows, one chat a line, with a reward: `{"messages": [...], "reward": 1.0}` as OpenAI's fine-tuning has them.

Also `conversations`, with messages of the same shape or of ShareGPT's.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np

from treecore.errors import FormatError
from treecore.formats.answers import Answers
from treecore.formats.columnar import is_columnar
from treecore.formats.endings import endings
from treecore.formats.field_table import FieldTable, numbers_of, of_rows, texts_of
from treecore.formats.fields import wrong
from treecore.formats.mapping import USUAL
from treecore.formats.messages import is_chat
from treecore.formats.notes import Notes
from treecore.formats.readers.chat_parts import Parted, alike, parted
from treecore.formats.readers.reward_columns import named_as_rewards, reward_of
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import as_text, row_kinds
from treecore.formats.sharegpt import as_messages
from treecore.formats.source import Source
from treecore.formats.token_advantages import TokenAdvantages
from treecore.formats.whole_table import field_table

CHATS = ("messages", "conversations", "conversation")
"""Names of the list of messages, the most telling first."""
REWARDS = ("reward", "score")
"""Names of the reward, the most telling first; the others stay numbers beside it."""
OUTCOMES = tuple(name for name in (*USUAL["reward"], "weight", "kto_tag") if name not in REWARDS)
"""Further names of a reward, where they hold a number or a boolean."""
ADVANTAGES = ("advantage", "advantages")
REFERENCES = USUAL["reference"]
GROUPS = USUAL["group"]
STEPS = USUAL["step"]
FUNCTIONS = "rewards"
"""What each reward function gave, an object, also under a name of the reward; their plain sum is the reward where none
stands beside it."""
NOT_OURS = frozenset({"generations", "completions", "completion", "chosen", "rejected", "group_index", "traj_idx"})
NOT_OURS |= {"trajectory_format", "trajectory", "nodes", "steps", "traces", "spans", "_type", "parentId", "eval"}
"""Names beside `messages` in other formats."""
BESIDE = ("tools", "system")
"""Names of what belongs to the prompt."""


def looks_like_chats(source: Source) -> bool:
    """Rows with messages, and with none of the names that other formats have beside them."""
    kinds = row_kinds(source)
    name = next((name for name in CHATS if kinds.get(name) == "list"), "")
    if not name or kinds.keys() & NOT_OURS:
        return False
    return is_columnar(source.data) or is_chat(as_messages(source.head[name]))


@rollout_format(
    name="chats",
    title="chats with rewards",
    extensions=(".jsonl", ".json", ".parquet"),
    detect=looks_like_chats,
    written_by="any tool that saves chats in the shape of OpenAI's fine-tuning or ShareGPT's, with a `reward` each",
    fields=frozenset({"messages", "reward"}),
    example="""{"messages": [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}], "reward": 1}
{"messages": [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "3"}], "reward": 0}
""",
)
def read_chats(source: Source, notes: Notes) -> Iterator[Answers | Rollout]:
    """A rollout a chat; chats that are the same up to their answer are a group, or those that a field names.

    The answer is what follows the user's last message; where that leaves every chat alone, or parts a named group,
    what follows the first.
    """
    table = field_table(source)
    if not table.size:
        return
    name, group = next((name for name in CHATS if name in table), CHATS[0]), _group(table)
    if group:
        notes.recognise(f'"{group}" names the group')
    else:
        notes.guess("chats with the same messages before the answer are one group")
    named = list(map(as_text, table[group])) if group else []
    parts = alike(table[name]) or parted(_chats(table, name), named)
    if not parts.kept:
        raise FormatError("no chat has an answer of the model", where=source.name, todo="give chats that it answered")
    if len(parts.kept) < table.size:
        notes.drop("chats without an answer of the model", table.size - len(parts.kept))
        table, named = table.take(parts.kept), [named[row] for row in parts.kept if named]
    yield from _answers(table, parts, name, named or parts.keys, notes)


def _group(table: FieldTable) -> str:
    """The field that names the group, "" where none does."""
    for name in GROUPS:
        values = table[name]
        if None not in values and len(set(map(as_text, values))) < len(values):
            return name
    return ""


def _chats(table: FieldTable, name: str) -> list[list[dict[str, Any]]]:
    """The messages of each row; none where it has none."""
    chats = [[] if value is None else as_messages(value) for value in table[name]]
    for row, messages in enumerate(chats):
        if not isinstance(messages, list) or not set(map(type, messages)) <= {dict}:
            raise wrong(name, messages, "a list of messages with role and content", where=table.where(row))
    return chats


def _answers(
    table: FieldTable, parts: Parted, name: str, groups: Sequence[Hashable], notes: Notes
) -> Iterator[Answers | Rollout]:
    functions = next((one for one in (FUNCTIONS, *REWARDS) if dict in table.kinds(one)), "")
    reward = table.chosen((*REWARDS, *OUTCOMES), numeric=(*OUTCOMES, functions))
    reference, advantage = table.chosen(REFERENCES), table.chosen(ADVANTAGES)
    used = reward.used | reference.used | advantage.used
    tokens = TokenAdvantages(advantage.values, table)
    answers = Answers(
        prompt=parts.prompts,
        text=parts.texts,
        reward=numbers_of(reward.values, next(iter(reward.used), REWARDS[0]), table.where),
        where=table.where,
        group=groups,
        training_step=table.steps(*STEPS),
        reference=texts_of(reference.values),
        prompt_extra=_beside(table, parts.extra),
        turns=parts.turns,
        status=endings(table),
    )
    if advantage.used:
        answers.claimed["advantage"] = numbers_of(tokens.claims, next(iter(advantage.used)), table.where)
    if functions:
        notes.guess(f'the reward of a chat without one is the plain sum of its "{functions}"')
        own = used.get(functions, np.zeros(table.size, dtype=bool))
        used[functions] = own | np.array([isinstance(value, dict) for value in table[functions]])
        _add_functions(table, functions, answers)
    rest = table.rest({name, *BESIDE, *STEPS, *tokens.used, *(name for name, marks in used.items() if marks.all())})
    rest.hide(used)
    answers.keep(rest)
    yield from tokens.claimed(answers, notes)


def _beside(table: FieldTable, extra: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """What is kept beside each prompt, with the fields that belong to it."""
    for name in BESIDE:
        if name in table:
            extra |= {row: {name: value, **extra.get(row, {})} for row, value in enumerate(table[name]) if value}
    return extra


def _add_functions(table: FieldTable, name: str, answers: Answers) -> None:
    """Take over what each reward function gave, by column `name`, and its sum where there is no reward.

    Raises:
        FormatError: a value is no number.
    """
    given = of_rows(
        [value if isinstance(value, dict) else {} for value in table[name]], table.where, table.account
    ).rest(())
    for row, others in given.others.items():
        function, value = next(iter(others.items()))
        raise wrong(f"{name}.{function}", value, "a number", where=table.where(row))
    whole = reward_of(given, table.size)
    answers.reward = np.where(np.isnan(answers.reward), whole, answers.reward)
    answers.keep(named_as_rewards(given))
