"""Who samples a plan: this computer, or the workers of a Ray cluster. Knows no files; imports Ray when asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from treecore.core.forest import Forest
from treecore.errors import PolicyError
from treecore.policies import Policy, load_policy
from treecore.rollouts.config import Ask
from treecore.rollouts.progress import Progress
from treecore.rollouts.scheduler import Plan

ENGINES = ("local", "ray")


@dataclass(frozen=True)
class Machine:
    """Where models are loaded, and how.

    Attributes:
        device, dtype, batch_tokens, static: as in `treecore.policies.load_policy`.
        engine: one of `ENGINES`.
        workers: models that sample side by side. With `local`, processes of this computer, this one included, for a
            small model on a CPU; when None, one a core where the job is so long that it pays. With `ray` one a GPU, or
            one a computer without any, when None.
        ray_address: of a cluster that runs already, with `ray` only; one is started here when None.

    Raises:
        PolicyError: an unknown engine, or something that it does not take.
    """

    device: str | None = None
    dtype: str | None = None
    batch_tokens: int | None = None
    static: bool = False
    engine: str = "local"
    workers: int | None = None
    ray_address: str | None = None

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise PolicyError(f"no engine is called {self.engine!r}", todo=f"choose one of {', '.join(ENGINES)}")
        if self.engine == "local" and self.ray_address is not None:
            raise PolicyError("ray_address without Ray", todo="leave it out, or choose the engine 'ray'")
        if self.workers is not None and self.workers < 1:
            raise PolicyError(f"{self.workers} workers", todo="ask for at least 1")

    @property
    def loading(self) -> dict[str, Any]:
        """What `load_policy` is to be told beside the name."""
        given = {name: getattr(self, name) for name in ("device", "dtype", "batch_tokens", "static")}
        return {name: value for name, value in given.items() if value is not None and value is not False}

    def load(self, model: str | Policy) -> Policy:
        """The policy itself.

        Raises:
            PolicyError: see `load_policy`; or how to load a policy that is loaded already.
        """
        if isinstance(model, str):
            return load_policy(model, **self.loading)
        if self.loading:
            raise PolicyError(f"a {next(iter(self.loading))} for a model that is loaded already", todo="load it so")
        return model


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


@contextmanager
def opened(ask: Ask, machine: Machine) -> Iterator[Engine]:
    """The engine that the machine names, with the model loaded.

    Raises:
        PolicyError: it cannot be loaded or started.
    """
    if machine.engine == "local":
        from treecore.rollouts.local.engine import LocalEngine

        yield LocalEngine(ask, machine)
        return
    from treecore.rollouts.ray.engine import RayEngine

    with RayEngine(ask, machine) as engine:
        yield engine
