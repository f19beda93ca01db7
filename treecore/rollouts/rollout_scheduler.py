"""The rollout scheduler: admits prompts, grows the branches of all of them in one batch, and runs their samplers.

Prompts are admitted as places become free, so that memory stays bounded and the first forests are finished early.
Knows the order of things; knows no tokens and no files.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from treecore.core.forest import Forest
from treecore.errors import TreecoreError
from treecore.policies.base import EXTENDS, FORKS, GREEDY, Branch, complete_session
from treecore.protocols import Prompt, StepRule
from treecore.rollouts.growing_forest import GrowingForest
from treecore.rollouts.plan import RolloutPlan, check_chance, check_needs, check_recordable
from treecore.rollouts.progress import REPORT_EVERY, Progress
from treecore.rollouts.step_handler import StepHandler
from treecore.rollouts.trajectory import BY_PROMPT, GrowingStep, Trajectory


class RolloutScheduler:
    """One run of a plan.

    Args:
        plan: what to sample.
        on_progress: called after every wave and about ten times a second.
        should_stop: asked before every decoding step; True leaves unfinished forests behind.

    Attributes:
        waiting: prompts that are not begun; more may be added.

    Raises:
        MethodError: the policy does not give what the sampler needs.
    """

    def __init__(
        self,
        plan: RolloutPlan,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> None:
        self.plan, self.on_progress, self.should_stop = plan, on_progress, should_stop
        check_needs(plan.sampler, plan.policy)
        check_chance(plan.sampler, plan.settings, plan.temperature)
        check_recordable(plan.record, plan.policy)
        rule = plan.task.step_rule
        more: dict[str, Any] = {**({} if rule == StepRule() else {"rule": rule}), **plan.record}
        session = plan.policy.session(
            temperature=plan.temperature,
            top_p=plan.top_p,
            stop=plan.task.stop,
            max_step_tokens=plan.task.max_step_tokens,
            **more,
        )
        self.session = complete_session(session)
        self.step_handler = StepHandler(plan.task, plan.policy, self.session, keep=FORKS in plan.sampler.needs)
        self.waiting = deque(plan.prompts)
        self._growing: list[GrowingForest] = []
        self._changed: set[GrowingForest] = set()
        self._writing: dict[Branch, tuple[GrowingForest, Trajectory]] = {}
        self._waves: list[str] = []
        self._began = self._reported = time.monotonic()
        self._done = self._finished = self._drawn = self._over = 0

    def run(self) -> Iterator[Forest]:
        """Forests in the order in which they are finished."""
        while self.busy:
            if self.should_stop is not None and self.should_stop():
                return
            yield from self.turn()
            self.report()
        self.report(last=True)

    @property
    def busy(self) -> bool:
        """Whether anything is left to do."""
        return bool(self.waiting or self._growing)

    def turn(self) -> Iterator[Forest]:
        """One decoding step of all live branches; gives the forests that it finishes."""
        while self.waiting and self.session.free > 0:
            self._admit(self.waiting.popleft())
        yield from self._finished_forests()
        for branch in self.session.advance():
            self._step_ended(branch)
        yield from self._finished_forests()

    def _admit(self, prompt: Prompt) -> None:
        size = self.plan.policy.vocabulary_size
        growing = GrowingForest(
            prompt, self.plan.sampler, self.plan.settings, seed=self.plan.seed, vocabulary_size=size
        )
        self._growing.append(growing)
        wave = growing.next_wave(None)
        try:
            growing.start = self.session.open(prompt.input)
        except TreecoreError as error:
            growing.error = error
        self._start(growing, wave)

    def _start(self, growing: GrowingForest, wave: Sequence[Trajectory]) -> None:
        self._changed.add(growing)
        for trajectory in wave:
            if growing.error is not None:
                trajectory.fail(growing.error, GrowingStep(), by=BY_PROMPT)
                self._done += 1
                continue
            if trajectory.recited:
                self._recite(growing, trajectory)
                continue
            trajectory.branch = self._grow(growing, trajectory)
            self._writing[trajectory.branch] = growing, trajectory

    def _grow(self, growing: GrowingForest, trajectory: Trajectory) -> Branch:
        state, random, tokens = (
            growing.start_of(trajectory, self.session),
            growing.next_stream(),
            trajectory.request.tokens,
        )
        if trajectory.request.greedy:
            self._check(GREEDY)
            return self.session.grow(state, random, written=trajectory.head, tokens=tokens, greedy=True)
        if trajectory.head is None and tokens is None:
            return self.session.grow(state, random)
        return self.session.grow(state, random, written=trajectory.head, tokens=tokens)

    def _recite(self, growing: GrowingForest, trajectory: Trajectory) -> None:
        self._check(EXTENDS)
        assert growing.start is not None
        self.step_handler.recite(growing.prompt, trajectory, growing.start)
        growing.asked += 1
        self._done += 1

    def _check(self, need: str) -> None:
        check_needs(replace(self.plan.sampler, needs=frozenset({need})), self.plan.policy)

    def _step_ended(self, branch: Branch) -> None:
        growing, trajectory = self._writing[branch]
        self.step_handler.step_ended(growing.prompt, trajectory)
        if trajectory.done:
            self._done += trajectory.over
            del self._writing[branch]
            self._changed.add(growing)

    def _finished_forests(self) -> Iterator[Forest]:
        """Commit the waves that are over, start the next ones, and yield forests whose sampler is done."""
        changed, self._changed = self._changed, set()
        for growing in [one for one in self._growing if one in changed] if changed else ():
            while growing.wave_over:
                leaves = growing.commit()
                self._waves.append(growing.prompt.id)
                self._start(growing, growing.next_wave(leaves))
            if not growing.wave:
                self._growing.remove(growing)
                self._finished += 1
                self._drawn += growing.sampled
                self._over += growing.written if self.plan.sampler.open_ended else growing.over
                yield self._forest(growing)

    def _forest(self, growing: GrowingForest) -> Forest:
        seconds = round(time.monotonic() - growing.began, 3)
        notes = {**growing.cost().as_json(), **self.session.notes}
        provenance = {**self.plan.provenance, **notes, "seconds": seconds}
        return growing.forest({**self.plan.meta(growing.prompt), "provenance": provenance})

    def report(self, *, last: bool = False) -> None:
        """Tell how far the run is, unless that was done a moment ago."""
        now = time.monotonic()
        if self.on_progress is None or not (last or self._waves or now - self._reported >= REPORT_EVERY):
            return
        self._reported = now
        waves, self._waves = tuple(self._waves), []
        prompts = len(self.plan.prompts)
        self.on_progress(
            Progress(
                done=self.done,
                total=self.total,
                forests=self._finished,
                prompts=prompts,
                tokens=self._drawn + sum(growing.sampled for growing in self._growing),
                seconds=now - self._began,
                waves=waves,
                snapshot=self.snapshot,
                waiting=self.session.waiting,
            )
        )

    @property
    def done(self) -> int:
        """Trajectories that ended; where their number is open, all that are written and not yet continued."""
        open_ended = self.plan.sampler.open_ended
        return self._over + sum(growing.written for growing in self._growing) if open_ended else self._done

    @property
    def total(self) -> int:
        """Trajectories that the run will have; a guess where that depends on what is written."""
        sampler, waiting = self.plan.sampler, len(self.waiting)
        size = sampler.trajectories(self.plan.settings)
        unfinished = sum(max(growing.to_be_written, size) if sampler.open_ended else size for growing in self._growing)
        return self._over + unfinished + waiting * size

    def snapshot(self) -> list[Forest]:
        """All forests that were begun and are not finished, unfinished steps as open nodes."""
        return [
            growing.forest(self.plan.meta(growing.prompt), in_flight=True) for growing in self._growing if growing.begun
        ]
