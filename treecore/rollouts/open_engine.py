"""Opens the engine that a run names: this computer, or the workers of a Ray cluster. Imports Ray when asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from treecore.rollouts.engine import Engine
from treecore.rollouts.prepare import PreparedRollout


@contextmanager
def open_engine(prepared: PreparedRollout) -> Iterator[Engine]:
    """The engine that the config names, with the model loaded.

    Raises:
        PolicyError: it cannot be loaded or started.
    """
    if prepared.config.engine == "local":
        from treecore.rollouts.local.engine import LocalEngine

        yield LocalEngine(prepared)
        return
    from treecore.rollouts.ray.engine import RayEngine

    with RayEngine(prepared) as engine:
        yield engine
