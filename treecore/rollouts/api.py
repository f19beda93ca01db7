"""`treecore.rollout`: sample forests and return them as a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from treecore.core.forest import Forest
from treecore.rollouts.config import RolloutConfig
from treecore.rollouts.open_engine import open_engine
from treecore.rollouts.prepare import prepare, ready
from treecore.rollouts.progress import Progress


def rollout(
    config: RolloutConfig | None = None,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    **options: Any,
) -> list[Forest]:
    """Sample one forest a prompt; the same arguments give the same forests.

        rollout(task="multihop", model="tiny", sampler="random_expansion", m=2, n=2, l=1, seed=0)

    Args:
        config: of the run; that of the defaults when None.
        on_progress: called after every wave and about ten times a second.
        should_stop: asked before every decoding step; when it says True, only finished forests are returned.
        options: in place of what the config says, by the names of its fields: `task` ("multihop"), `task_options`,
            `model` ("tiny"), `sampler` ("random_expansion"), `prompts` (1), `question`, `seed` (0), `temperature`
            (1.0), `top_p` (1.0), `record` (nothing more; `{"top_tokens": 5}` for the likeliest tokens at each),
            `reward_scheme`, `engine` ("local"), `workers`, `ray_address`; how a model is loaded: `device`, `dtype`,
            `batch_tokens`, `static`; every other name is a parameter of the sampler, typed or as text. See
            `RolloutConfig` and `treecore.policies.LoadOptions`.

    Returns:
        Forests in the order of the prompts.

    Raises:
        MethodError, PolicyError, TaskError: an argument that does not fit, a model that cannot be used, a task that
            has no such prompts. A step that fails later is a failed node.
    """
    prepared = prepare((config or RolloutConfig()).with_options(**options))
    place = {prompt.id: number for number, prompt in enumerate(prepared.prompts)}
    if not ready(prepared, should_stop):
        return []
    with open_engine(prepared) as engine:
        forests = list(engine.run(engine.plan, on_progress=on_progress, should_stop=should_stop))
    return sorted(forests, key=lambda forest: place[forest.id])
