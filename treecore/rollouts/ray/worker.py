"""What runs inside a Ray worker: builds the plan from names, samples its prompts, reports progress.

Imports no Ray: one object that loads a model, samples in a thread of its own and answers `report`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from treecore.errors import TreecoreError
from treecore.formats.native_write import encode
from treecore.policies import Policy, policy_of
from treecore.protocols import Prompt
from treecore.rollouts.config import RolloutConfig
from treecore.rollouts.plan import RolloutPlan, check_needs
from treecore.rollouts.prepare import PreparedRollout, as_read, prepare
from treecore.rollouts.progress import Progress
from treecore.rollouts.rollout_scheduler import RolloutScheduler
from treecore.rollouts.worker_reports import Report


@dataclass(frozen=True)
class WorkerSetup:
    """A run by names, which another machine can make again.

    Attributes:
        config: of the run, with names of task and model, and without its prompts.
        folder: where relative names are looked up; left out where there is no such folder.
    """

    config: RolloutConfig
    folder: str

    def prepare(self, prompts: Sequence[Prompt]) -> PreparedRollout:
        """The run, for some of its prompts."""
        return prepare(replace(self.config, prompts=prompts))


class Worker:
    """One model and the prompts that it samples: `load` once, then `begin` and `report` until idle, again and again."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._report = Report()
        self._error: Exception | None = None
        self._policy: Policy | None = None

    def load(self, setup: WorkerSetup, first: Prompt) -> dict[str, Any]:
        """Load the model and tell what it is; try whether it takes the task's prompts.

        Raises:
            TreecoreError: whatever keeps this machine from sampling.
        """
        with suppress(OSError):
            os.chdir(setup.folder)
        self._setup = setup
        prepared = setup.prepare([first])
        self._policy = policy = policy_of(setup.config.model, setup.config.load)
        as_read(first, policy)
        check_needs(prepared.sampler, policy)
        return dict(policy.describe())

    def begin(self, prompts: Sequence[Prompt]) -> Report:
        """Sample these prompts from now on; ask for a `report` next.

        Raises:
            TreecoreError: the model cannot be asked one of them.
        """
        assert self._policy is not None
        prepared = self._setup.prepare(prompts)
        plan = prepared.plan(self._policy, [as_read(prompt, self._policy) for prompt in prompts])
        self._report = Report(idle=False)
        threading.Thread(target=self._sample, args=(plan,), daemon=True).start()
        return Report(idle=False)

    def report(self, timeout: float) -> Report:
        """What is new, at the latest after `timeout` seconds.

        Raises:
            TreecoreError: sampling failed.
        """
        with self._news:
            self._news.wait_for(lambda: self._report.lines or self._report.idle, timeout=timeout)
            if self._error is not None:
                raise self._error
            now = self._report
            self._report = Report([], now.done, now.total, now.tokens, (), now.idle)
            return now

    def _sample(self, plan: RolloutPlan) -> None:
        try:
            for forest in RolloutScheduler(plan, on_progress=self._progress).run():
                with self._news:
                    self._report.lines.append(encode(forest))
                    self._news.notify()
        except TreecoreError as error:
            self._error = error
        except Exception as error:
            self._error = RuntimeError(f"sampling failed with {type(error).__name__}: {error}")
        with self._news:
            self._report.idle = True
            self._news.notify()

    def _progress(self, progress: Progress) -> None:
        with self._news:
            now = self._report
            now.done, now.total, now.tokens = progress.done, progress.total, progress.tokens
            now.waves += progress.waves
