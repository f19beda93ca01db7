"""One prompt's forest while it grows: the sampler's waves in, rows in the order of the requests out.

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

from treecore.builder import ForestBuilder
from treecore.columns import Status
from treecore.errors import MethodError, PolicyError, TreecoreError, boundary
from treecore.forest import Forest
from treecore.params import Value
from treecore.policies.base import State
from treecore.protocols import Part, Prompt, Step
from treecore.samplers.registry import Expand, Growing, Sampler
from treecore.sampling.trajectory import Grown, Trajectory, recorded

EXPANSION, DRAWS = 0, 1


@dataclass(frozen=True)
class Cost:
    """Tokens of one forest.

    Attributes:
        generated: drawn from the model.
        computed: gone through the model.
        in_forest: all that the forest holds, the prompt counted once.
        unfed: of these, the last drawn token of each leaf and its observation: nothing follows them.
        separate: what as many separate chains would have computed, the prompt once for each.
    """

    generated: int
    computed: int
    in_forest: int
    unfed: int
    separate: int

    def as_json(self) -> dict[str, int]:
        return {
            "tokens_generated": self.generated,
            "tokens_computed": self.computed,
            "tokens_in_forest": self.in_forest,
            "tokens_unfed": self.unfed,
            "tokens_saved_by_sharing": self.separate - self.computed,
        }


class Grove:
    """The growing forest of one prompt; what samplers see of it is `Growth`.

    Args:
        prompt: what is answered.
        sampler, settings: who decides where to grow, with all its parameters.
        seed: of the run; the prompt's id and the number of an expansion make every stream of its own.

    Attributes:
        start: state at the end of the prompt, once it is open.
        error: why the prompt could not be opened; the first wave then fails and is the last.
    """

    def __init__(self, prompt: Prompt, sampler: Sampler, settings: Mapping[str, Value], *, seed: int) -> None:
        self.prompt, self.sampler, self.seed = prompt, sampler, seed
        self.start: State | None = None
        self.parent: list[int] = []
        self.nodes: list[Grown] = []
        self.wave: list[Trajectory] = []
        self.asked = 0
        self.error: TreecoreError | None = None
        self.began = time.monotonic()
        self.random = self.stream(DRAWS, 0)
        self._growing: Growing = sampler.function(self, **settings)

    def stream(self, kind: int, number: int) -> np.random.Generator:
        """A random stream of its own for every expansion, and one for the sampler."""
        identity = int.from_bytes(hashlib.sha256(self.prompt.id.encode()).digest()[:8], "big")
        return np.random.default_rng(np.random.SeedSequence([self.seed, identity], spawn_key=(kind, number)))

    def next_wave(self, leaves: list[int] | None) -> list[Trajectory]:
        """Ask the sampler for its next wave; empty when it is done.

        Args:
            leaves: rows of the leaves of the wave before; None at the start.
        """
        requests: list[Expand] = []
        while not requests and self.error is None:
            with boundary(MethodError, f"sampler '{self.sampler.name}'"):
                try:
                    requests = next(self._growing) if leaves is None else self._growing.send(leaves)
                except StopIteration:
                    break
            leaves = []
        self.wave = [self._trajectory(request) for request in requests]
        return self.wave

    @property
    def wave_over(self) -> bool:
        """Whether every trajectory of a wave has ended."""
        return bool(self.wave) and all(trajectory.done for trajectory in self.wave)

    @property
    def begun(self) -> bool:
        """Whether there is anything to see."""
        return bool(self.nodes) or any(trajectory.begun for trajectory in self.wave)

    def _trajectory(self, request: Expand) -> Trajectory:
        before = [] if request.node is None else self.path(request.node)
        return Trajectory(request.node, [Step(self.nodes[row].text, self.nodes[row].observation) for row in before])

    def path(self, row: int) -> list[int]:
        """Steps from below the tree's root to `row`; none for a root."""
        rows = []
        while self.parent[row] >= 0:
            rows.append(row)
            row = self.parent[row]
        return rows[::-1]

    def state_of(self, trajectory: Trajectory) -> State:
        """Where the trajectory starts.

        Raises:
            PolicyError: that step ended its trajectory.
        """
        state = self.start if trajectory.origin is None else self.nodes[trajectory.origin].state
        if state is None:
            raise PolicyError(f"step {trajectory.origin} of {self.prompt.id} is over and cannot be continued")
        return state

    def next_stream(self) -> np.random.Generator:
        """The random stream of the next expansion."""
        self.asked += 1
        return self.stream(EXPANSION, self.asked - 1)

    def commit(self) -> list[int]:
        """Append the finished wave in the order of its requests; returns the rows of its leaves."""
        leaves = [self._append(self.parent, self.nodes, trajectory) for trajectory in self.wave]
        self.wave = []
        return leaves

    def _append(self, parent: list[int], nodes: list[Grown], trajectory: Trajectory) -> int:
        at = trajectory.origin
        if at is None:
            at = len(nodes)
            parent.append(-1)
            nodes.append(Grown(state=self.start))
        for step in trajectory.steps:
            parent.append(at)
            at = len(nodes)
            nodes.append(step)
        return at

    def forest(self, meta: Mapping[str, Any], *, in_flight: bool = False) -> Forest:
        """What has grown so far.

        Args:
            meta: the forest's own fields.
            in_flight: with the unfinished wave, its unfinished steps as open nodes.
        """
        parent, nodes = list(self.parent), list(self.nodes)
        for trajectory in self.wave if in_flight else ():
            self._append_open(parent, nodes, trajectory)
        builder = ForestBuilder(**meta)
        for above, node in zip(parent, nodes, strict=True):
            builder.add(
                above,
                text=node.text,
                observation=node.observation,
                reward=node.reward,
                status=node.status,
                tokens=node.tokens,
                extra=node.extra,
            )
        return builder.build()

    def _append_open(self, parent: list[int], nodes: list[Grown], trajectory: Trajectory) -> None:
        if not trajectory.begun:
            return
        leaf = self._append(parent, nodes, trajectory)
        if (written := trajectory.open_step) is not None:
            parent.append(leaf)
            nodes.append(Grown(written.text, status=Status.OPEN, tokens=recorded(written)))
        elif not trajectory.done:
            nodes[leaf] = replace(nodes[leaf], status=Status.OPEN)

    def cost(self) -> Cost:
        """Tokens that the forest took, and what it would have taken without sharing."""
        if self.start is None:
            return Cost(0, 0, 0, 0, 0)
        prompt, tally = self.start.length, self.start.tally
        sizes = [0 if node.tokens is None else len(node.tokens) for node in self.nodes]
        inner = set(self.parent)
        leaves = [row for row in range(len(self.nodes)) if row not in inner]
        unfed = [self._unfed(self.nodes[leaf].tokens) for leaf in leaves]
        chains = [prompt + sum(sizes[row] for row in self.path(leaf)) for leaf in leaves]
        return Cost(tally.sampled, tally.computed, prompt + sum(sizes), sum(unfed), sum(chains) - sum(unfed))

    @staticmethod
    def _unfed(tokens: Any) -> int:
        parts: Sequence[int] = () if tokens is None else tokens.part
        return sum(part == Part.OBSERVATION for part in parts) + 1 if parts else 0
