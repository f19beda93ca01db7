"""What a sampler recorded about a step beside its words. Pure: a forest and a row in, sentences out."""

from __future__ import annotations

import math

from treecore.analysis.intervals import LEVEL
from treecore.core.foreign import foreign_fields
from treecore.core.forest import Forest
from treecore.core.numerals import counted, plain
from treecore.protocols import SampledBy
from treecore.samplers.estimates import COLUMNS
from treecore.samplers.mcts.search import Kind

KINDS = {
    Kind.ROLLOUT: "Written as a fast rollout to judge a step; the search does not go on from here.",
    Kind.TOO_ALIKE: "Too like a sibling: the search drew another step in its place.",
}

WRITERS: dict[str, str] = {
    SampledBy.TASK: "Recited from the task's own solution: the model wrote none of it.",
    SampledBy.GREEDY: "The likeliest tokens were taken here, none was drawn.",
}


def recorded(forest: Forest, row: int) -> list[str]:
    """Sentences about what the samplers, or others, record of a step; empty where there is nothing to say."""
    said = {name: float(values[row]) for name, values in forest.columns.items() if not math.isnan(values[row])}
    return [*written(forest, row), *estimated(said), *curriculum(said), *searched(said), *others(forest, row)]


def others(forest: Forest, row: int) -> list[str]:
    """What the file says that the package gives no meaning to."""
    found = foreign_fields(forest, row)
    return ["In the file: " + " · ".join(f"{name} {value}" for name, value in found)] if found else []


def written(forest: Forest, row: int) -> list[str]:
    """Who wrote the step, where it was not drawn from the model."""
    writer = forest.node_extra.get(row, {}).get("sampled_by")
    return [WRITERS[writer]] if isinstance(writer, str) and writer in WRITERS else []


def estimated(said: dict[str, float]) -> list[str]:
    """The value from fresh continuations."""
    value, count, low, high = (said.get(name, math.nan) for name in COLUMNS)
    if math.isnan(value):
        return []
    level = f"{LEVEL:.0%}".replace("%", "\N{NO-BREAK SPACE}%")
    interval = "" if math.isnan(low) else f", {level} interval {plain(low)} to {plain(high)}"
    return [f"{counted(int(count), 'fresh continuation')} from here earned {plain(value)} on average{interval}."]


def curriculum(said: dict[str, float]) -> list[str]:
    """Where the step stands in a reverse curriculum."""
    if "start" not in said:
        return []
    frontier = " The frontier: the last step whose value surely rises." if said.get("frontier") else ""
    return [f"Start state {said['start']:.0f} of the curriculum.{frontier}"]


def searched(said: dict[str, float]) -> list[str]:
    """What a tree search knew of the step."""
    if "mcts_visits" in said:
        visits, mean, width = (said[f"mcts_{name}"] for name in ("visits", "q", "width"))
        way = " On the way that the search would answer." if said.get("mcts_answer") else ""
        known = f"{counted(int(visits), 'visit')}, mean score {plain(mean)}, room for {width:.0f} children"
        return [f"The search: {known}.{way}"]
    kind = said.get("mcts_kind")
    return [KINDS[Kind(int(kind))]] if kind in (Kind.ROLLOUT, Kind.TOO_ALIKE) else []
