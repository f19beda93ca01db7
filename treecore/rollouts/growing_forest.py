"""One prompt's forest during its rollout: gets waves of requests from the sampler, appends finished steps in order.

A wave's trajectories end in any order and are appended in the order they were asked for, so that `born` runs without
gaps along each of them and does not depend on the batch. Knows no model; counts what was computed.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from treecore.core.builder import ForestBuilder
from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.core.numerals import counted
from treecore.core.topology import FloatArray
from treecore.core.transforms import END, lay_out
from treecore.errors import MethodError, PolicyError, TreecoreError, boundary
from treecore.policies.base import FORKS, Session, State
from treecore.protocols import Part, Prompt, Step
from treecore.registry.params import Value
from treecore.rollouts.trajectory import GrowingStep, Trajectory
from treecore.samplers.registry import Expand, Growing, Recite, Request, Sampler

EXPANSION, DRAWS = 0, 1


@dataclass(frozen=True)
class Cost:
    """Tokens of one forest.

    Attributes:
        generated: drawn from the model; None where the policy did not count them all.
        computed: gone through the model; None as above.
        in_forest: all that the forest holds, the prompt counted once; None where they are not known.
        unfed: of these, what never goes through the model because nothing is drawn after it: the last drawn token of
            each leaf and its observation, and of a recited solution all steps that nothing is drawn after.
        separate: what as many separate chains would have computed, the prompt once for each.
    """

    generated: int | None
    computed: int | None
    in_forest: int | None
    unfed: int
    separate: int

    def as_json(self) -> dict[str, int]:
        """What is known of them."""
        known = {"tokens_generated": self.generated, "tokens_computed": self.computed}
        if self.in_forest is not None:
            saved = None if self.computed is None else self.separate - self.computed
            known |= {
                "tokens_in_forest": self.in_forest,
                "tokens_unfed": self.unfed,
                "tokens_saved_by_sharing": saved,
            }
        return {name: value for name, value in known.items() if value is not None}


class GrowingForest:
    """The growing forest of one prompt; what samplers see of it is `Growth`.

    Args:
        prompt: what is answered.
        sampler, settings: who decides where to grow, with all its parameters.
        seed: of the run; the prompt's id and the number of an expansion make every stream of its own.
        vocabulary_size: of the policy; 0 when it is not known.

    Attributes:
        start: state at the end of the prompt, once it is open.
        error: why the prompt could not be opened; the first wave then fails and is the last.
        notes: facts about the whole forest that the sampler tells.
    """

    def __init__(
        self, prompt: Prompt, sampler: Sampler, settings: Mapping[str, Value], *, seed: int, vocabulary_size: int = 0
    ) -> None:
        self.prompt, self.sampler, self.seed = prompt, sampler, seed
        self.start: State | None = None
        self.parent: list[int] = []
        self.fork: list[int] = []
        self.nodes: list[GrowingStep] = []
        self.vocabulary_size = vocabulary_size
        self.wave: list[Trajectory] = []
        self.asked = 0
        self._ends: set[int] = set()
        self.error: TreecoreError | None = None
        self.notes: dict[str, Any] = {}
        self.began = time.monotonic()
        self.random = self.stream(DRAWS, number=0)
        self._growing: Growing = sampler.function(self, **settings)

    def stream(self, kind: int, *, number: int) -> np.random.Generator:
        """A random stream of its own for every expansion, and one for the sampler."""
        identity = int.from_bytes(hashlib.sha256(self.prompt.id.encode()).digest()[:8], "big")
        return np.random.default_rng(np.random.SeedSequence([self.seed, identity], spawn_key=(kind, number)))

    def next_wave(self, leaves: list[int] | None) -> list[Trajectory]:
        """Ask the sampler for its next wave; empty when it is done.

        Args:
            leaves: rows of the leaves of the wave before; None at the start.

        Raises:
            TreecoreError: the sampler, or a critic of it, failed; names the prompt.
        """
        try:
            self.wave = [self._trajectory(request) for request in self._requests(leaves)]
        except TreecoreError as error:
            raise error.at(f"prompt {self.prompt.id!r}") from error.__cause__
        return self.wave

    def _requests(self, leaves: list[int] | None) -> Sequence[Request]:
        requests: Sequence[Request] = []
        while not requests and self.error is None:
            with boundary(MethodError, f"sampler '{self.sampler.name}'"):
                try:
                    requests = next(self._growing) if leaves is None else self._growing.send(leaves)
                except StopIteration:
                    break
            leaves = []
        return requests

    @property
    def wave_over(self) -> bool:
        """Whether every trajectory of a wave has ended."""
        return bool(self.wave) and all(trajectory.done for trajectory in self.wave)

    @property
    def written(self) -> int:
        """Trajectories so far, those without an outcome too: what another goes on from is none any more."""
        return self._ends_after([trajectory for trajectory in self.wave if trajectory.done])

    @property
    def to_be_written(self) -> int:
        """The same once this wave has ended."""
        return self._ends_after(self.wave)

    def _ends_after(self, trajectories: Sequence[Trajectory]) -> int:
        return len(self._ends) + len(trajectories) - len(continued(trajectories) & self._ends)

    @property
    def over(self) -> int:
        """Trajectories that came to an end."""
        return sum(node.status is not None for node in self.nodes)

    @property
    def sampled(self) -> int:
        """Tokens drawn so far."""
        return 0 if self.start is None else self.start.usage.sampled

    @property
    def begun(self) -> bool:
        """Whether there is anything to see."""
        return bool(self.nodes) or any(trajectory.begun for trajectory in self.wave)

    def _trajectory(self, request: Request) -> Trajectory:
        if isinstance(request, Recite):
            return Trajectory(Expand(), recited=True)
        if not (request.at is None and request.tokens is None) and FORKS not in self.sampler.needs:
            raise MethodError(
                f"sampler '{self.sampler.name}' starts or ends inside a step, and does not say that it needs that",
                todo="register it with needs={FORKS}, from treecore.policies.base",
            )
        if request.node is None:
            return Trajectory(request)
        row, at = request.node, END if request.at is None else request.at
        own = len(self.nodes[row].own.ids)
        if at != END and not 0 <= at < own:
            raise MethodError(
                f"sampler '{self.sampler.name}' starts after {at} of the {counted(own, 'token')} of step {row}",
                todo="start inside the step",
            )
        while at == 0:
            row, at = self.parent[row], self.fork[row]
        node, head = self.nodes[row], None
        if at != END or not node.over:
            head = node.written.head(len(node.written.ids) if at == END else node.start + at)
        return Trajectory(request, row, at, self._steps_before(row, at=at), head)

    def _steps_before(self, row: int, *, at: int) -> list[Step]:
        """Steps that are over on the path to a place."""
        steps = []
        while self.parent[row] >= 0:
            node = self.nodes[row]
            if at == END and node.over:
                steps.append(Step(node.written.text, node.observation))
            row, at = self.parent[row], self.fork[row]
        return steps[::-1]

    def start_of(self, trajectory: Trajectory, session: Session) -> State:
        """Where the trajectory starts.

        Raises:
            PolicyError: that step ended its trajectory, or no branch can start there.
        """
        row, at = trajectory.origin, trajectory.at
        node = None if row is None else self.nodes[row]
        state = self.start if node is None else node.state
        if state is None or (node is not None and at == END and node.status is not None):
            raise PolicyError(f"step {row} of {self.prompt.id} is over and cannot be continued")
        if node is not None and at != END:
            state = session.fork(state, node.offset + at)
        trajectory.offset = state.length
        return state

    def next_stream(self) -> np.random.Generator:
        """The random stream of the next expansion."""
        self.asked += 1
        return self.stream(EXPANSION, number=self.asked - 1)

    def commit(self) -> list[int]:
        """Append the finished wave in the order of its requests; returns the rows of its leaves."""
        leaves = [
            self._append(trajectory, parent=self.parent, fork=self.fork, nodes=self.nodes) for trajectory in self.wave
        ]
        self._ends.update(leaves)
        self._ends -= continued(self.wave)
        self.wave = []
        return leaves

    def _append(self, trajectory: Trajectory, *, parent: list[int], fork: list[int], nodes: list[GrowingStep]) -> int:
        above, at = trajectory.origin, trajectory.at
        if above is None:
            above = len(nodes)
            parent.append(-1)
            fork.append(END)
            nodes.append(GrowingStep(state=self.start))
        for step in trajectory.steps:
            parent.append(above)
            fork.append(at)
            above, at = len(nodes), END
            nodes.append(step)
        return above

    def forest(self, meta: Mapping[str, Any], *, in_flight: bool = False) -> Forest:
        """What has grown so far; rows that others start inside are cut there.

        Args:
            meta: the forest's own fields.
            in_flight: with the unfinished wave, its unfinished steps as open nodes.
        """
        rows = self._rows(in_flight=in_flight)
        known = {"extra": {**meta.get("extra", {}), "sampler_notes": dict(self.notes)}} if self.notes else {}
        builder = ForestBuilder(**{**meta, **known, "columns": columns_of([node for _, node in rows])})
        for above, node in rows:
            builder.add(
                above,
                text=node.text,
                observation=node.observation,
                reward=node.reward,
                status=node.status,
                tokens=node.tokens,
                extra={**node.note, **node.extra},
            )
        return builder.build()

    def _rows(self, *, in_flight: bool = False) -> list[tuple[int, GrowingStep]]:
        """Parent and content of each node of the forest."""
        parent, fork, nodes = list(self.parent), list(self.fork), list(self.nodes)
        for trajectory in self.wave if in_flight else ():
            self._append_open(trajectory, parent=parent, fork=fork, nodes=nodes)
        gone_on = {above for above, at in zip(parent, fork, strict=True) if at == END}
        for row, node in enumerate(nodes):
            if parent[row] >= 0 and node.open and row not in gone_on:
                nodes[row] = replace(node, status=Status.OPEN)
        return [(one.parent, nodes[one.source].piece(one.start, one.end)) for one in lay_out(parent, fork)]

    def _append_open(
        self, trajectory: Trajectory, *, parent: list[int], fork: list[int], nodes: list[GrowingStep]
    ) -> None:
        if not trajectory.begun:
            return
        step = trajectory.open_step
        steps = trajectory.steps if step is None else [*trajectory.steps, step]
        self._append(replace(trajectory, steps=steps), parent=parent, fork=fork, nodes=nodes)

    def cost(self) -> Cost:
        """Tokens that the forest took, and what it would have taken without sharing."""
        if self.start is None:
            return Cost(0, 0, 0, 0, 0)
        prompt, usage = self.start.length, self.start.usage
        generated = usage.sampled if usage.sampled_known else None
        computed = usage.computed if usage.computed_known else None
        rows = self._rows()
        if not prompt or not all(has_known_tokens(node) for _, node in rows):
            return Cost(generated, computed, None, 0, 0)
        sizes = [0 if node.tokens is None else len(node.tokens) for _, node in rows]
        inner = {above for above, _ in rows}
        upto: list[int] = []
        for (above, _), size in zip(rows, sizes, strict=True):
            upto.append(size + (upto[above] if above >= 0 else prompt))
        leaves = [row for row in range(len(rows)) if row not in inner]
        unfed = unfed_tokens(rows, prompt=prompt)
        chains = sum(upto[leaf] for leaf in leaves)
        return Cost(generated, computed, prompt + sum(sizes), unfed, chains - unfed)


def unfed_tokens(rows: Sequence[tuple[int, GrowingStep]], *, prompt: int) -> int:
    """Tokens that never went through the model: see `Cost.unfed`.

    Args:
        rows: parent and content of each, parents first.
        prompt: tokens of the prompt, which are not fed either where nothing is drawn.
    """
    followed = [False] * len(rows)
    unfed = 0
    for row in range(len(rows) - 1, -1, -1):
        above, node = rows[row]
        if above >= 0:
            followed[above] |= followed[row] or not node.recited
        parts: Sequence[int] = () if node.tokens is None or followed[row] else node.tokens.part
        if parts:
            unfed += len(parts) if node.recited else 1 + sum(part == Part.OBSERVATION for part in parts)
    drawn = any(followed[row] for row, (above, _) in enumerate(rows) if above < 0)
    return unfed if drawn else unfed + prompt


def columns_of(nodes: Sequence[GrowingStep]) -> dict[str, FloatArray]:
    """Columns `[N]` that the sampler wrote, NaN where it wrote nothing."""
    names = dict.fromkeys(name for node in nodes for name in node.columns)
    return {name: np.array([node.columns.get(name, np.nan) for node in nodes], dtype=np.float64) for name in names}


def has_known_tokens(node: GrowingStep) -> bool:
    """Whether the tokens of a step and of its observation are known, wherever there is text."""
    parts: Sequence[int] = () if node.tokens is None else node.tokens.part
    written, observed = any(part > 0 for part in parts), any(part == 0 for part in parts)
    return (written or not node.text) and (observed or not node.observation)


def continued(trajectories: Sequence[Trajectory]) -> set[int]:
    """Rows at whose end these start."""
    return {one.origin for one in trajectories if one.origin is not None and one.at == END}
