"""The interface that all engines share: sample a plan and yield its forests. Knows no engine and no files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from treecore.core.forest import Forest
from treecore.rollouts.progress import Progress
from treecore.rollouts.scheduler import Plan


class Engine(Protocol):
    """Something that samples.

    Attributes:
        plan: all that was asked for.
    """

    @property
    def plan(self) -> Plan: ...

    def run(
        self,
        plan: Plan,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Iterator[Forest]:
        """Forests in the order in which they are finished.

        Args:
            plan: `self.plan`, perhaps with fewer prompts.
            on_progress, should_stop: as in `treecore.rollout`.

        Raises:
            MethodError: at the call, the policy does not give what the sampler needs.
        """
        ...
