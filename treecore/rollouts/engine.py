"""`Engine`: what samples the plan of a run, `local` or `ray`, and yields its forests. Knows no model and no files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from treecore.core.forest import Forest
from treecore.rollouts.plan import RolloutPlan
from treecore.rollouts.progress import Progress


class Engine(Protocol):
    """Something that samples.

    Attributes:
        plan: all that was asked for.
    """

    @property
    def plan(self) -> RolloutPlan: ...

    def run(
        self,
        plan: RolloutPlan,
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
