"""What happens when a step ends: the task answers and scores it, and it is recorded as a row of its trajectory.

Knows the task's environment and verifier; knows no batch and no sampler. A task that fails gives a failed step, never
an exception.
"""

from __future__ import annotations

import numpy as np

from treecore.core.builder import NAN
from treecore.core.columns import Status
from treecore.errors import PolicyError, TaskError, TreecoreError, boundary
from treecore.policies.base import Branch, Completion, FinishReason, Policy, Session, State
from treecore.protocols import Prompt, SampledBy, Span, Step, Task, Turn
from treecore.rollouts.trajectory import BY_POLICY, BY_TASK, GrowingStep, Trajectory, signed, token_columns


class StepHandler:
    """Takes finished steps to the task and back: observation, end, reward, record.

    Args:
        task: environment and verifier.
        policy: for the text of tokens.
        session: where branches go on or end.
        keep: keep what was computed of leaves too, for others that start inside them.
    """

    def __init__(self, task: Task, policy: Policy, session: Session, *, keep: bool = False) -> None:
        self.task, self.policy, self.session, self.keep = task, policy, session, keep
        self.whole = (FinishReason.STOP, FinishReason.STEP) if task.step_rule.cut_is_end else (FinishReason.STOP,)

    def step_ended(self, prompt: Prompt, trajectory: Trajectory) -> None:
        """Record the step that `trajectory.branch` just ended and let the branch go on, or end the trajectory."""
        branch = trajectory.branch
        assert branch is not None
        step = trajectory.next_row(branch.written)
        try:
            self._close(prompt, trajectory, step, branch)
        except TreecoreError as error:
            step.tokens = step.tokens or token_columns(branch.written, start=step.start)
            trajectory.fail(error, step, by=BY_POLICY if isinstance(error, PolicyError) else BY_TASK)
        if trajectory.done:
            if self.keep and step.state is None:
                step.state = self.session.keep(branch)
            self.session.end(branch)
            trajectory.branch = None

    def _close(self, prompt: Prompt, trajectory: Trajectory, step: GrowingStep, branch: Branch) -> None:
        written = branch.written
        if written.error is not None:
            raise written.error
        if written.end is FinishReason.PAUSE:
            step.tokens = token_columns(written, self._spans(written.text), start=step.start)
            step.over, trajectory.done = False, True
            step.state = self.session.keep(branch)
            trajectory.steps.append(step)
            return
        before = [*trajectory.before, *(Step(one.written.text, one.observation) for one in trajectory.steps)]
        turn = Turn(done=True)
        if written.end in self.whole:
            with boundary(TaskError, f"task '{self.task.name}'"):
                turn = self.task.respond(prompt, before, written.text)
        step.observation = turn.observation
        ids = self.policy.encode(turn.observation) if turn.observation else []
        step.tokens = token_columns(
            written, self._spans(written.text), ids, self.policy.token_strings(ids), start=step.start
        )
        room = not turn.done and len(before) + 1 < self.task.max_steps
        step.state = self.session.reply(branch, ids, text=turn.observation) if room else None
        if step.state is None:
            step.status = (
                Status.TERMINATED if turn.done and written.end in (*self.whole, FinishReason.EOS) else Status.TRUNCATED
            )
            step.reward = self._reward(prompt, [*before, Step(written.text, step.observation)])
        else:
            trajectory.offset = step.state.length
        trajectory.steps.append(step)
        trajectory.done = step.state is None or trajectory.spent

    def recite(self, prompt: Prompt, trajectory: Trajectory, start: State) -> None:
        """Make the trajectory the task's own solution, from the end of the prompt; its tokens have no numbers."""
        try:
            with boundary(TaskError, f"the solution of task '{self.task.name}'"):
                steps = self.task.gold(prompt)
            for number, step in enumerate(steps, 1):
                row = self._recited_step(step, start.length)
                trajectory.steps.append(row)
                if number == len(steps):
                    row.status, row.reward = Status.TERMINATED, self._reward(prompt, list(steps))
                else:
                    assert row.tokens is not None
                    start = row.state = self.session.extend(start, row.tokens.id)
        except TreecoreError as error:
            trajectory.fail(error, GrowingStep(note=signed(SampledBy.TASK), recited=True), by=BY_TASK)
        trajectory.done = True

    def _recited_step(self, step: Step, offset: int) -> GrowingStep:
        ids = self.policy.encode(step.text)
        nothing = [NAN] * len(ids)
        written = Completion(
            ids, self.policy.token_strings(ids), logprob=nothing, entropy=nothing, confidence=nothing, text=step.text
        )
        seen = self.policy.encode(step.observation) if step.observation else []
        tokens = token_columns(written, self._spans(step.text), seen, self.policy.token_strings(seen))
        return GrowingStep(
            step.text,
            step.observation,
            tokens=tokens,
            note=signed(SampledBy.TASK),
            written=written,
            offset=offset,
            recited=True,
        )

    def _spans(self, text: str) -> list[Span]:
        with boundary(TaskError, f"task '{self.task.name}'"):
            return self.task.parts(text)

    def _reward(self, prompt: Prompt, steps: list[Step]) -> float:
        with boundary(TaskError, f"the verifier of task '{self.task.name}'"):
            reward = float(self.task.reward(prompt, steps))
        if not np.isfinite(reward):
            raise TaskError(f"the verifier of task '{self.task.name}' gave {reward}", todo="give a finite number")
        return reward
