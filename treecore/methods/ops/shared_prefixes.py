"""Which trajectories of a prompt begin alike, token by token, whether the file folds them into a tree or not.

A step is read as symbols: the tokens that the model wrote where they are recorded, else one for its text; and one more
for what the environment answered. Trajectories share a prefix as long as their symbols agree. Works on states.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.topology import BoolArray, FloatArray, IntArray
from treecore.methods.ops.groups import back_up
from treecore.methods.ops.tokens import model_tokens, step_count


class Symbols(NamedTuple):
    """What steps are read as, `K` symbols in all.

    Attributes:
        start: `[N+1]` symbols of step `i` are `start[i]:start[i + 1]`; a step has one at least, a prompt none.
        number: `[K]` equal where symbols are.
        written: `[K]` what the model wrote, not the environment.
        token: `[K]` row in the batch's token table, -1 where a symbol stands for a whole text.
    """

    start: IntArray
    number: IntArray
    written: BoolArray
    token: IntArray


class SharedPrefixes(NamedTuple):
    """What trajectories have in common.

    Attributes:
        symbols: what was compared.
        sharing: `[K]` scored trajectories with the same symbols up to here.
        value: `[K]` their mean reward, NaN for none.
        before: `[K]` the same one symbol earlier; for the first symbol of a first step that of the prompt.
    """

    symbols: Symbols
    sharing: FloatArray
    value: FloatArray
    before: FloatArray


def numbered(texts: Iterable[Hashable]) -> IntArray:
    """A number for each, equal where they are."""
    place: dict[Hashable, int] = {}
    return np.array([place.setdefault(text, len(place)) for text in texts], dtype=np.int64)


def named_tokens(forests: Forests) -> IntArray:
    """A number of each token: its id where its forest records ids, else one for its text; -1 for neither. `[T]`"""
    parts = []
    place: dict[str, int] = {"": -1}
    for table in (forest.tokens for forest in forests if forest.tokens is not None):
        if table.id is not None and (table.id >= 0).any():
            parts.append(np.asarray(table.id, dtype=np.int64))
        elif table.text is not None:
            parts.append(np.array([place.setdefault(text, len(place)) for text in table.text], dtype=np.int64))
        else:
            parts.append(np.full(table.total, -1))
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])


def symbols_of(forests: Forests) -> Symbols:
    """Steps as symbols."""
    n = forests.topology.n
    names, own = named_tokens(forests), model_tokens(forests)
    count = step_count(own, forests.token_start)
    by_token = (count > 0) & (step_count(own & (names >= 0), forests.token_start) == count) & ~forests.is_prompt
    answers = list(forests.observation)
    answered = np.array([text != "" for text in answers]) & ~forests.is_prompt
    size = np.where(by_token, count, 1) + answered
    size[forests.is_prompt] = 0
    start = np.concatenate([[0], np.cumsum(size)])
    number, token = np.full(int(start[-1]), -1), np.full(int(start[-1]), -1)
    written = np.ones(len(number), dtype=bool)

    rows = np.flatnonzero(own & by_token[forests.token_node])
    first = np.cumsum(np.where(by_token, count, 0)) - np.where(by_token, count, 0)
    node = forests.token_node[rows]
    place = start[node] + np.arange(len(rows)) - first[node]
    number[place], token[place] = names[rows], rows

    beyond = int(names.max(initial=-1)) + 1
    spoken = np.flatnonzero(~by_token & ~forests.is_prompt)
    said = list(zip(forests.text, forests.beside_text, strict=True))
    nothing = ("", "")
    number[start[spoken]] = beyond + numbered(said[row] if said[row] != nothing else row for row in spoken.tolist())
    beyond += n
    heard = np.flatnonzero(answered)
    number[start[heard + 1] - 1] = beyond + numbered(answers[row] for row in heard.tolist())
    written[start[heard + 1] - 1] = False
    return Symbols(start, number, written, token)


def shared_prefixes(forests: Forests) -> SharedPrefixes:
    """Follow trajectories from where they are together to where they part.

    A step that begins unlike all its siblings shares with nobody who is not beneath it; only the others are followed.
    """
    symbols = symbols_of(forests)
    backup = back_up(forests, forests.reward)
    node = np.repeat(np.arange(forests.topology.n), np.diff(symbols.start))
    sharing, value = backup.count[node], backup.mean[node]
    number = np.unique(symbols.number, return_inverse=True)[1]
    items, group = like_siblings(forests, symbols.start, number=number)
    at = symbols.start[items]
    several = len(number) + 1
    while len(items):
        group = np.unique(group * several + number[at], return_inverse=True)[1]
        together = np.bincount(group)[group] > 1
        items, at, group = items[together], at[together], group[together]
        n = backup.count[items]
        count = np.bincount(group, weights=n).astype(np.float64)
        total = np.bincount(group, weights=np.nan_to_num(backup.mean[items]) * n).astype(np.float64)
        mean = mean_of(backup.mean[items], group, total, count)
        wider = count[group] > sharing[at]
        sharing[at[wider]], value[at[wider]] = count[group][wider], mean[group][wider]
        items, at, group = onward(forests, symbols.start, items=items, at=at + 1, group=group)
    return SharedPrefixes(symbols, sharing, value, values_before(forests, symbols.start, value, prompt=backup.mean))


def like_siblings(forests: Forests, start: IntArray, *, number: IntArray) -> tuple[IntArray, IntArray]:
    """Steps that begin like a sibling, and for each the number of the step before it."""
    steps = forests.topology.child
    key = forests.parent[steps] * (len(number) + 1) + number[start[steps]]
    _, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    alike = steps[count[inverse] > 1]
    return alike, forests.parent[alike]


def mean_of(values: FloatArray, group: IntArray, total: FloatArray, count: FloatArray) -> FloatArray:
    """Mean of each group; exactly the number that all of its members have, where they have one."""
    mean = np.full(len(count), np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    known = ~np.isnan(values)
    low, high = np.full(len(count), np.inf), np.full(len(count), -np.inf)
    np.minimum.at(low, group[known], values[known])
    np.maximum.at(high, group[known], values[known])
    return np.where(low == high, low, mean)


def onward(
    forests: Forests, start: IntArray, *, items: IntArray, at: IntArray, group: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Places after one more symbol: the next of the same step, else the first of each step after it."""
    topology = forests.topology
    ended = at == start[items + 1]
    count = np.where(ended, topology.n_children[items], 1)
    source = np.repeat(np.arange(len(items)), count)
    offset = np.arange(len(source)) - np.repeat(np.cumsum(count) - count, count)
    following = ended[source]
    rows = items[source]
    if len(topology.child):
        child = topology.child[np.minimum(topology.child_start[rows] + offset, len(topology.child) - 1)]
        rows = np.where(following, child, rows)
    return rows, np.where(following, start[rows], at[source]), group[source]


def values_before(forests: Forests, start: IntArray, value: FloatArray, *, prompt: FloatArray) -> FloatArray:
    """`value [K]` one symbol earlier; `prompt [N]` gives that of prompts."""
    before = np.concatenate([[np.nan], value[:-1]])[: len(value)]
    steps = np.flatnonzero(~forests.is_prompt & (forests.parent >= 0))
    above = forests.parent[steps]
    last = value[np.maximum(start[above + 1] - 1, 0)] if len(value) else np.empty(0)
    before[start[steps]] = np.where(start[above + 1] > start[above], last, prompt[above])
    return before


class StepPrefixes(NamedTuple):
    """What the symbols of each step that the model wrote say together. `[N]`, NaN at prompts.

    Attributes:
        share: mean over them of one over the trajectories that share them.
        before, after: value before the first and after the last of them.
        compared: how many they are.
    """

    share: FloatArray
    before: FloatArray
    after: FloatArray
    compared: FloatArray


def step_prefixes(forests: Forests, prefixes: SharedPrefixes) -> StepPrefixes:
    """Symbols of each step taken together."""
    n, symbols = forests.topology.n, prefixes.symbols
    node = np.repeat(np.arange(n), np.diff(symbols.start))[symbols.written]
    first = np.flatnonzero(np.diff(node, prepend=-1))
    last = np.concatenate([first[1:], [len(node)]])[: len(first)] - 1
    rows = node[first]
    before, after, share, compared = (np.full(n, np.nan) for _ in range(4))
    before[rows] = prefixes.before[symbols.written][first]
    after[rows] = prefixes.value[symbols.written][last]
    compared[rows] = last - first + 1.0
    with np.errstate(divide="ignore"):
        each = 1.0 / prefixes.sharing[symbols.written]
    each[np.isinf(each)] = np.nan
    if len(rows):
        share[rows] = np.add.reduceat(each, first) / compared[rows]
    return StepPrefixes(share, before, after, compared)


def on_tokens(forests: Forests, symbols: Symbols, each: FloatArray, *, whole: FloatArray) -> FloatArray:
    """A number of each symbol, `each [K]`, at the tokens of the batch; where steps are read by text, `whole [N]`. `[T]`

    NaN for what the environment said.
    """
    signal = np.where(model_tokens(forests), whole[forests.token_node], np.nan)
    of_token = symbols.token >= 0
    signal[symbols.token[of_token]] = each[of_token]
    return signal
