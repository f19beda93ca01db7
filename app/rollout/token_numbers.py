"""Entropy and confidence for the tokens of what is open, by the bundled model that wrote it."""

from __future__ import annotations

from collections.abc import Sequence

from app.rollout.annotation import Addition
from app.rollout.continuing import BUNDLED, Bounded
from app.rollout.job_queue import Job
from app.rollout.request import Limits
from app.rollout.worker import MODELS
from treecore.core.forest import Forest


def run(job: Job, forests: Sequence[Forest], limits: Limits | None) -> list[Forest]:
    """The forests with these numbers, in the worker's thread; fewer where it was cancelled or a limit ended it."""
    from treecore.annotate.token_numbers import measure_tokens

    policy = MODELS.get(BUNDLED, job.stop)
    if policy is None:
        return []
    work = Bounded(job, limits)
    return list(measure_tokens(forests, policy, on_progress=work.tell, should_stop=work.should_stop))


NUMBERS = Addition(
    "token_numbers",
    "entropy and confidence",
    "Entropy and confidence of every token are there.",
    ("trajectory", "trajectories"),
    lambda forest: len(forest.leaves),
    run,
)
