"""Continue recorded forests: load their tokens as prefixes, and grow new branches from any of their steps.

What grows is added to the forest, or only summed up in the columns that the sampler writes. Knows no files.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from treecore.core.builder import NAN
from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.core.topology import BoolArray
from treecore.errors import MethodError, PolicyError
from treecore.policies.base import Completion, Session, TokenUsage
from treecore.protocols import Part, Prompt, Task
from treecore.rollouts.append_steps import append_steps
from treecore.rollouts.growing_forest import GrowingForest, columns_of
from treecore.rollouts.plan import RolloutPlan
from treecore.rollouts.progress import Progress
from treecore.rollouts.rollout_scheduler import RolloutScheduler
from treecore.rollouts.trajectory import GrowingStep
from treecore.samplers.registry import Growth

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class ContinuationSource:
    """A recorded forest and what is needed to continue it.

    Attributes:
        forest: as it was recorded.
        prompt: whose `text` is exactly what the model read.
        target: row whose path alone matters; None for the whole forest.
    """

    forest: Forest
    prompt: Prompt
    target: int | None = None

    @cached_property
    def wanted(self) -> BoolArray:
        """Rows that may be continued, their ancestors included. `[N]`"""
        wanted = np.full(len(self.forest), self.target is None)
        if self.target is not None:
            wanted[self.forest.topology.path(self.target)] = True
        return wanted

    def goes_on(self, row: int) -> bool:
        """Whether the trajectory did not end with this row."""
        return not self.forest.topology.is_leaf[row] or self.forest.status[row] == Status.OPEN


class ContinuationGrowth(Growth):
    """What a sampler of recorded forests sees beside `Growth`: which row it is asked about, if any."""

    target: int | None


class ContinuedForest(GrowingForest):
    """A growing forest that begins with the rows of a recorded forest.

    Args:
        source: the forest; where its prompt cannot be opened nothing grows, and `error` says why.
        plan: of the run.
        session: where its places are opened.

    Raises:
        MethodError: a step that is to be continued has no token ids, or is a root.
        PolicyError: a step does not fit the model's context.
    """

    def __init__(self, source: ContinuationSource, plan: RolloutPlan, session: Session) -> None:
        self.source, self.target = source, source.target
        super().__init__(source.prompt, plan.sampler, plan.settings, seed=plan.seed)
        try:
            self.start = session.open(source.prompt.input)
        except PolicyError as error:
            self.error = error
            _LOG.warning("treecore: note: forest %r is left as it is: %s", source.forest.id, error)
        for row in range(len(source.forest)) if self.error is None else ():
            self.parent.append(int(source.forest.parent[row]))
            self.fork.append(-1)
            self.nodes.append(self._recorded_step(row, plan, session))

    def stream(self, kind: int, *, number: int) -> np.random.Generator:
        """Streams belong to the forest's content, so that equal forests get equal continuations in any file."""
        identity = int.from_bytes(hashlib.sha256(self.source.forest.digest.encode()).digest()[:8], "big")
        return np.random.default_rng(np.random.SeedSequence([self.seed, identity], spawn_key=(kind, number)))

    def forest_with(self, *, keep: bool) -> Forest:
        """The recorded forest with the columns that the sampler wrote, and with what grew if `keep`."""
        n = len(self.source.forest)
        forest = append_steps(self.source.forest, self.parent[n:], self.nodes[n:]) if keep else self.source.forest
        fresh = columns_of(self.nodes[: len(forest)])
        older = {name: values for name, values in forest.columns.items() if name not in fresh}
        return forest.with_columns(columns={**older, **fresh})

    def _recorded_step(self, row: int, plan: RolloutPlan, session: Session) -> GrowingStep:
        forest, above = self.source.forest, int(self.source.forest.parent[row])
        status = None if self.source.goes_on(row) else Status(max(int(forest.status[row]), Status.TERMINATED))
        step = GrowingStep(forest.text[row], forest.observation[row], float(forest.reward[row]), status)
        if above < 0:
            recorded_ids(forest, row)
            step.state = self.start
            return step
        step.written = Completion(text=step.text)
        before = self.nodes[above]
        if status is None and self.source.wanted[row]:
            ids = recorded_ids(forest, row)
            own = self._own(row, ids) if ids else []
            step.state = session.extend(before.state, ids) if ids and before.state is not None else before.state
            step.written = written_as(own, plan.policy.token_strings(own), step.text)
        if not before.over:
            step.start = len(before.written.ids)
            step.written = joined(before.written, step.written)
        ahead = {forest.text[child][:1] for child in forest.topology.children(row)}
        step.over = status is not None or is_over(step, plan.task, ahead=ahead)
        return step

    def _own(self, row: int, ids: list[int]) -> list[int]:
        table = self.source.forest.tokens
        assert table is not None
        is_model = table.is_model[table.start[row] : table.start[row + 1]].tolist()
        return [token for token, own in zip(ids, is_model, strict=True) if own]


def recorded_ids(forest: Forest, row: int) -> list[int]:
    """Ids of a step and of its observation, in their order; none at a prompt.

    Raises:
        MethodError: some are not recorded, or the row is a step and a root.
    """
    table, text, observation = forest.tokens, forest.text[row], forest.observation[row]
    ids: list[int] = []
    if table is not None and table.id is not None:
        ids = table.id[table.start[row] : table.start[row + 1]].tolist()
    where = f"forest {forest.id!r}, node {forest.node_id[row]!r}"
    if forest.parent[row] < 0:
        if text or observation or ids:
            raise MethodError(
                f"a root with {'text' if text or observation else 'tokens'} is a step, which no prompt comes before",
                where=where,
                todo="put an empty root before it, or use a forest that was sampled with treecore rollout",
            )
        return ids
    lacking = "the step" if -1 in ids or (not ids and (text or observation)) else ""
    if not lacking and observation.strip() and all_own(forest, row):
        lacking = "what the environment answered"
    if lacking:
        raise MethodError(
            f"{lacking} has no token ids, so a model cannot read it again exactly",
            where=where,
            todo="use a forest that was sampled with treecore rollout",
        )
    return ids


def all_own(forest: Forest, row: int) -> bool:
    """Whether all tokens of a step are recorded as the model's own."""
    table = forest.tokens
    parts = None if table is None or table.part is None else table.part[table.start[row] : table.start[row + 1]]
    return parts is not None and bool((parts > Part.OBSERVATION).all())


def written_as(ids: list[int], token_strings: list[str], text: str) -> Completion:
    """A step of recorded tokens; their numbers stay with the recorded forest."""
    nothing = [NAN] * len(ids)
    return Completion(
        ids,
        token_strings,
        logprob=nothing,
        entropy=nothing,
        confidence=nothing,
        text=text,
        end=None,
        top_entropy=nothing,
    )


def joined(before: Completion, after: Completion) -> Completion:
    """One step of two pieces."""
    return written_as(
        [*before.ids, *after.ids], [*before.token_strings, *after.token_strings], before.text + after.text
    )


def is_over(step: GrowingStep, task: Task, *, ahead: Iterable[str] = ()) -> bool:
    """Whether a recorded step that others go on from was whole; False where it was cut at a fork inside it.

    Args:
        ahead: first characters of what follows; they belong to the stop string where the task's rule says so.
    """
    rule = task.step_rule
    texts = [step.written.text, *(step.written.text + one for one in ahead if rule.before_word)]
    if step.observation or any(stop in text for text in texts for stop in task.stop):
        return True
    return rule.cut_is_end and len(step.written.ids) >= task.max_step_tokens


class ContinuationScheduler(RolloutScheduler):
    """Serves a sampler on recorded forests.

    Args:
        plan: one prompt for each of `sources`, in their order.
        sources: the forests.
        total: trajectories that will be written, for reports.
        keep: add what grew to the forests.
        about: numbers of a forest's run -> what its provenance will say of it.
    """

    def __init__(
        self,
        plan: RolloutPlan,
        sources: Sequence[ContinuationSource],
        *,
        total: int,
        keep: bool,
        about: Callable[[ContinuationSource, Mapping[str, Any]], dict[str, Any]],
        on_progress: Callable[[Progress], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> None:
        super().__init__(plan, on_progress=on_progress, should_stop=should_stop)
        self._sources = deque(sources)
        self._keep, self._about, self._size = keep, about, total

    def _admit(self, prompt: Prompt) -> None:
        source = self._sources.popleft()
        assert source.prompt is prompt
        growing = ContinuedForest(source, self.plan, self.session)
        self._growing.append(growing)
        self._start(growing, growing.next_wave(None))

    def _forest(self, growing: GrowingForest) -> Forest:
        assert isinstance(growing, ContinuedForest)
        usage = TokenUsage() if growing.start is None else growing.start.usage
        numbers = {
            "trajectories": growing.asked,
            "tokens_generated": usage.sampled,
            "tokens_computed": usage.computed,
            "seconds": round(time.monotonic() - growing.began, 3),
            **growing.notes,
        }
        forest = growing.forest_with(keep=self._keep)
        earlier = list(forest.provenance.get("annotations", []))
        said = {**forest.provenance, "annotations": [*earlier, self._about(growing.source, numbers)]}
        return forest.with_columns(provenance=said)

    @property
    def total(self) -> int:
        return self._size
