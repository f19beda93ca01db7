"""All calls of Ray: join or start a cluster, see what it has, hire workers, get their answers. Nothing else imports it.

A cluster that is started here listens on this computer alone, to those who know its token, and tells nobody that it is
used. Ray is imported when one is asked for.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from treecore.core.numerals import counted
from treecore.errors import PolicyError, TreecoreError
from treecore.rollouts.config import RolloutConfig

STORE_BYTES = 80 << 20
"""Shared memory of a cluster that is started here; forests that are on their way back lie there."""
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_worker_niceness": "0", "RAY_AUTH_MODE": "token"}
"""Environment of a cluster that is started here: on the loopback address, as important as this process, by token."""


SECONDS = 5.0


class Lost(Exception):  # noqa: N818
    """A worker is gone; says why."""


class Size(NamedTuple):
    """How many workers there will be, and the device and GPUs of each."""

    workers: int
    device: str | None
    gpus: int


@contextmanager
def cluster(config: RolloutConfig) -> Iterator[None]:
    """A cluster that can be used inside.

    Raises:
        PolicyError: it cannot be reached or started.
    """
    here = config.ray_address is None
    for name, value in (QUIET | ALONE | {"RAY_AUTH_TOKEN": secrets.token_hex(32)} if here else QUIET).items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise PolicyError("Ray is not installed", todo="install it with: pip install -e '.[ray]'") from None
    if ray.is_initialized():
        yield
        return
    if config.ray_address is not None:
        require_reachable(config.ray_address)
    common: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    own: dict[str, Any] = {
        "num_cpus": max(os.cpu_count() or 1, config.workers or 1),
        "include_dashboard": False,
        "object_store_memory": STORE_BYTES,
    }
    with same_signals():
        try:
            ray.init(address=config.ray_address or "local", **common, **(own if here else {}))
        except Exception as error:
            found = "Ray cannot be started" if here else "no Ray cluster can be reached"
            raise PolicyError(f"{found} ({reason(error)})", where=config.ray_address or "") from None
    try:
        yield
    finally:
        ray.shutdown()


def require_reachable(address: str) -> None:
    """Something listens there; Ray itself would look for minutes.

    Args:
        address: `host:port`, or `auto`, which Ray looks up on this computer.

    Raises:
        PolicyError: nothing does.
    """
    host, _, port = address.rpartition(":")
    try:
        if address != "auto":
            socket.create_connection((host, int(port)), timeout=SECONDS).close()
    except (OSError, ValueError) as error:
        raise PolicyError(
            f"no Ray cluster can be reached ({error})", where=address, todo="give auto, or host:port of its head"
        ) from None


@contextmanager
def same_signals() -> Iterator[None]:
    """What the program does at SIGTERM stays as it was."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def size_of(config: RolloutConfig) -> Size:
    """As many workers as are asked for; one a GPU, or one a computer without any, if no number is given.

    Raises:
        PolicyError: the cluster has not so much.
    """
    import ray

    resources: Mapping[str, float] = ray.cluster_resources()
    gpus, cpus = int(resources.get("GPU", 0)), int(resources.get("CPU", 0))
    device = config.load.device or ("cuda" if gpus else None)
    if device is not None and device.startswith("cuda:"):
        raise PolicyError(f"device {device!r} with Ray, which chooses the GPU itself", todo="write cuda")
    cuda = device == "cuda"
    computers = sum(name.startswith("node:") and not name.startswith("node:__") for name in resources)
    has = gpus if cuda else cpus
    workers = config.workers or max(1, gpus if cuda else computers)
    if workers > has:
        raise PolicyError(
            f"{counted(workers, 'worker needs', 'workers need')} a {'GPU' if cuda else 'CPU'} each, "
            f"the Ray cluster has {has}",
            todo="ask for fewer workers, or for another device",
        )
    return Size(workers, device, int(cuda))


def hire(kind: type, *, gpus: int) -> Any:
    """A worker: an object of this class in a process of its own, with a processor and so many GPUs."""
    import ray

    return ray.remote(kind).options(num_gpus=gpus, num_cpus=1, max_restarts=0).remote()


def kill(actor: Any) -> None:
    """End a worker."""
    import ray

    ray.kill(actor)


def first_ready(asked: list[Any], timeout: float) -> list[Any]:
    """One of these questions that is answered; none if no worker answers in so many seconds."""
    import ray

    return list(ray.wait(asked, num_returns=1, timeout=timeout)[0])


def answer(asked: Any) -> Any:
    """What a worker answers, once it does.

    Raises:
        TreecoreError: it failed.
        Lost: it is gone.
    """
    import ray
    from ray import exceptions

    try:
        return ray.get(asked)
    except exceptions.RayTaskError as error:
        cause = getattr(error, "cause", error)
        if isinstance(cause, TreecoreError):
            raise cause from None
        raise PolicyError(f"a worker failed with {type(cause).__name__}: {reason(cause)}") from None
    except (exceptions.RayActorError, exceptions.WorkerCrashedError, exceptions.ObjectLostError) as error:
        raise Lost(reason(error)) from None


def reason(error: BaseException) -> str:
    """The first line of what an error says."""
    return next((line.strip().rstrip(".") for line in str(error).splitlines() if line.strip()), type(error).__name__)
