"""What a press of a key or a button changes in the shown forest; everything that the browser sends is checked here."""

from __future__ import annotations

import math
from collections.abc import Collection

from app import state
from app.what_if import NOTE, Asked, asked_in, sampling
from treecore.core.changes import Change, Copy, Flip, Prune, SetReward
from treecore.core.forest import Forest
from treecore.methods import get_method

HEARD = "what_if_heard"
BOARD, WHY, KEYS = "what_if_board", "what_if_why", "what_if_keys"
SETTING = "set:"


def take(key: str) -> None:
    """Do what the component under `key` asks for."""
    asked = asked_in(state.get_or(key, None))
    if asked is None or asked.number <= int(state.get_or(HEARD, 0)):
        return
    state.put({HEARD: asked.number, NOTE: ""})
    if asked.verb == "reset":
        reset()
    elif asked.verb == "undo":
        state.set_changes(state.changes()[:-1])
    elif asked.verb == "drop":
        drop(asked.node)
    elif asked.verb == "sample":
        state.put({"what_if": True})
        sampling.ask(asked.node)
    elif asked.verb in ("flip", "prune"):
        change(asked)


def change(asked: Asked) -> None:
    """Flip or prune a step, or take that back; why it cannot be is shown."""
    found = state.what_if()
    forest = state.forest() if found is None else found.drawn
    pruned = found is not None and state.is_drawn(asked.node) and bool(found.pruned[forest.row(asked.node)])
    if not asked.node or not state.is_drawn(asked.node):
        note = "Choose a step first: click it, or walk to it with the arrow keys."
    elif asked.verb == "flip":
        note = flip(forest, asked.node, pruned=pruned)
    else:
        note = prune(asked.node)
    state.put({NOTE: note, "what_if": True})


def flip(forest: Forest, node: str, *, pruned: bool) -> str:
    """Flip the outcome of a leaf; why not, "" where it is done."""
    row = forest.row(node)
    if pruned:
        return "This step is pruned: X brings it back."
    if not forest.topology.is_leaf[row]:
        return "Only an end has an outcome to flip; this step goes on."
    if math.isnan(forest.reward[row]):
        return "This end has no outcome to flip."
    done, one = state.changes(), Flip(node)
    own = of_outcome(done, node)
    flipped = own and done[own[-1]] == one
    state.set_changes(leaving_out(done, own[-1:]) if flipped else (*done, one))
    return ""


def of_outcome(done: tuple[Change, ...], node: str) -> list[int]:
    """Places of the changes of an outcome that may be replaced: those before a copy was made are in the copy too."""
    copied = max((place for place, change in enumerate(done) if isinstance(change, Copy)), default=-1)
    return [
        place
        for place, change in enumerate(done)
        if place > copied and change.node == node and isinstance(change, Flip | SetReward)
    ]


def leaving_out(done: tuple[Change, ...], places: Collection[int]) -> tuple[Change, ...]:
    """The changes without those at some places."""
    return tuple(change for place, change in enumerate(done) if place not in places)


def give(node: str, reward: float | None) -> None:
    """Give an end another outcome, None for none, in place of what was last done to it."""
    done, forest = state.changes(), state.recorded_forest()
    left = leaving_out(done, of_outcome(done, node))
    recorded = float(forest.reward[forest.row(node)]) if state.has(forest, node) else math.inf
    same = math.isnan(recorded) if reward is None else recorded == reward
    as_recorded = same and all(change.node != node for change in left)
    state.set_changes(left if as_recorded else (*left, SetReward(node, reward)))


def prune(node: str) -> str:
    """Prune a step, or bring it back; why not, "" where it is done."""
    done, one = state.changes(), Prune(node)
    if one in done:
        state.set_changes(tuple(other for other in done if other != one))
        return ""
    found = state.what_if()
    forest = state.recorded_forest() if found is None else found.drawn
    row = forest.row(node)
    if found is not None and found.pruned[row]:
        above = next((name for name in pruned_above(done, forest, row)), "")
        return f"Pruned with a step before it; bring back “{above}”." if above else "Pruned with what led to it."
    left = ~found.pruned if found is not None else forest.topology.is_leaf | True
    ends = forest.topology.is_leaf & left
    under = set(forest.topology.leaves_under(row).tolist())
    if set(ends.nonzero()[0].tolist()) <= under:
        return "Nothing would be left: prune a smaller branch."
    state.set_changes((*done, one))
    return ""


def pruned_above(done: tuple[Change, ...], forest: Forest, row: int) -> list[str]:
    """Ids of the steps on the way to a step that were pruned."""
    gone = {change.node for change in done if isinstance(change, Prune)}
    return [name for name in (str(forest.node_id[step]) for step in forest.topology.path(row)) if name in gone]


def copy(node: str) -> None:
    """Put a branch there once more."""
    if state.has_node(node):
        state.set_changes((*state.changes(), Copy(node)))


def drop(key: str) -> None:
    """Take one change back, by its place in the list or by the name of its setting."""
    method = get_method(state.get("method"))
    if key.startswith(SETTING):
        back = {f"{SETTING}{method.name}:{one.name}": one.default for one in method.params if key == SETTING + one.name}
        state.put(back)
        return
    done = state.changes()
    if key.isdecimal() and len(key) < 6 and int(key) < len(done):
        state.set_changes(without(done, int(key)))


def without(done: tuple[Change, ...], number: int) -> tuple[Change, ...]:
    """The changes without one of them, and without those of the copy that it made."""
    gone = done[number]
    left = (*done[:number], *done[number + 1 :])
    if not isinstance(gone, Copy):
        return left
    return tuple(change for change in left if "~" not in change.node)


def reset() -> None:
    """Take back all changes and all settings of the method."""
    method = get_method(state.get("method"))
    state.set_changes(())
    state.put({f"{SETTING}{method.name}:{param.name}": param.default for param in method.params})


def start(node: str) -> None:
    """Flip the outcome that moves most."""
    state.put({NOTE: flip(state.forest(), node, pruned=False) if state.has_node(node) else "", "what_if": True})


def toggle() -> None:
    """Show the changes beside the trees, or the selected step again."""
    state.put({"what_if": not state.get_or("what_if", False), NOTE: ""})
