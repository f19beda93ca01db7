"""Entropy and confidence of recorded tokens, by reading them again with the model that wrote them; nothing is sampled.

They are those that a rollout records: of the model's own distribution at temperature 1, before each token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from treecore.annotate.sources import batches, named
from treecore.core.forest import Forest
from treecore.core.topology import BoolArray
from treecore.errors import MethodError, PolicyError
from treecore.policies import Policy
from treecore.policies.base import MeasuringPolicy
from treecore.rollouts.continuation import ContinuationSource, recorded_ids

KIND = "token_numbers"


def lacks_numbers(forest: Forest) -> bool:
    """Whether tokens are recorded, and entropy or confidence of none of them."""
    table = forest.tokens
    return table is not None and any(
        column is None or bool(np.isnan(column).all()) for column in (table.entropy, table.confidence)
    )


def measure_tokens(
    forests: Sequence[Forest],
    policy: Policy,
    *,
    on_progress: Callable[..., None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Iterator[Forest]:
    """Forests with entropy and confidence of the model's own tokens, in their order; recorded numbers stay.

    Tokens beyond the context of the model keep NaN. A forest's `provenance["annotations"]` says what was added.

    Args:
        forests: as they were recorded, with token ids.
        policy: the loaded model that wrote them.
        on_progress: called after every trajectory with those that are `done`, the `total` and `tokens` that were read.
        should_stop: asked before every trajectory; True leaves unfinished forests out.

    Raises:
        MethodError, PolicyError, TaskError: a forest that another model wrote, or that does not say enough; or the
            policy does not tell its distributions.
    """
    if not isinstance(policy, MeasuringPolicy):
        raise PolicyError("the model does not tell its distributions", todo="use a model that is loaded here")
    found = batches(forests, load=lambda name, dtype: policy)
    sources = {id(source.forest): source for batch in found for source in batch.sources}
    begun = [Measuring(sources[id(forest)], policy) for forest in forests]
    total, done, read = sum(len(forest.leaves) for forest in forests), 0, 0
    for made, forest in zip(begun, forests, strict=True):
        for leaf in forest.leaves.tolist():
            if should_stop is not None and should_stop():
                return
            read += made.read(leaf)
            done += 1
            if on_progress is not None:
                on_progress(done=done, total=total, tokens=read)
        yield made.forest(policy.describe())


class Measuring:
    """One forest while its trajectories are read.

    Args:
        source: the forest and its prompt.
        policy: that reads them.

    Raises:
        MethodError: the ids of some tokens are not recorded, or a root is a step.
    """

    def __init__(self, source: ContinuationSource, policy: MeasuringPolicy) -> None:
        forest = source.forest
        if forest.tokens is None or forest.tokens.id is None:
            raise MethodError("it has no token ids", where=named(forest), todo="use a forest that has them")
        for row in range(len(forest)):
            recorded_ids(forest, row)
        self._source, self._policy = source, policy
        self._table, self._ids = forest.tokens, forest.tokens.id
        self._numbers = np.full((2, forest.tokens.total), np.nan)
        self._known: BoolArray = np.zeros(len(forest), dtype=bool)

    def read(self, leaf: int) -> int:
        """Measure the steps of a trajectory that no other had; how many tokens were read."""
        table = self._table
        steps = self._source.forest.topology.path(leaf)
        places = np.concatenate([np.arange(table.start[row], table.start[row + 1]) for row in steps])
        fresh = np.repeat(~self._known[steps], np.diff(table.start)[steps])
        if not fresh.any():
            return 0
        ids = self._ids[places].tolist()
        measured = np.asarray(self._policy.measure(self._source.prompt.input, ids))
        n = measured.shape[1]
        own = fresh[:n] & table.is_model[places[:n]]
        self._numbers[:, places[:n][own]] = measured[:, own]
        self._known[steps] = True
        return len(ids)

    def forest(self, policy: Mapping[str, Any]) -> Forest:
        """The forest with what was measured, and what the policy says of itself."""
        forest, table = self._source.forest, self._table
        columns = [
            fresh if recorded is None else np.where(np.isnan(recorded), fresh, recorded)
            for recorded, fresh in zip((table.entropy, table.confidence), self._numbers, strict=True)
        ]
        said = {"kind": KIND, "of": forest.digest, "policy": dict(policy)}
        return forest.with_columns(
            tokens=replace(table, entropy=columns[0], confidence=columns[1]),
            provenance={**forest.provenance, "annotations": [*forest.provenance.get("annotations", []), said]},
        )
