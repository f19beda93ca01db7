"""Check the types and ranges of a run's arguments; each error is one sentence. Resolves no names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, SupportsFloat, SupportsIndex

from treecore.core.numerals import counted
from treecore.errors import MethodError, PolicyError, TaskError
from treecore.protocols import MAX_SEED, Prompt
from treecore.rollouts.config import ENGINES, MAX_RECORD, RolloutConfig

TASK = ("name", "stop", "max_steps", "max_step_tokens", "prompts", "respond", "reward")
POLICY = ("describe", "session", "encode", "token_strings")


def check_engine(config: RolloutConfig) -> None:
    """The engine is one that there is, and takes what it is given.

    Raises:
        PolicyError: it is not, or does not.
    """
    if config.engine not in ENGINES:
        raise PolicyError(f"no engine is called {config.engine!r}", todo=f"choose one of {', '.join(ENGINES)}")
    if config.engine == "local" and config.ray_address is not None:
        raise PolicyError("ray_address without Ray", todo="leave it out, or choose the engine 'ray'")
    if config.workers is not None and config.workers < 1:
        raise PolicyError(counted(config.workers, "worker"), todo="ask for at least 1")


def check_kinds(config: RolloutConfig) -> None:
    """Names are text, objects have what is asked of them.

    Raises:
        TaskError, PolicyError, MethodError: one is something else.
    """
    task: Any = config.task
    model: Any = config.model
    if not isinstance(task, str) and any(not hasattr(task, name) for name in TASK):
        raise TaskError(f"task={shown(task)} is neither a name nor a task", todo="see treecore tasks")
    options: Any = config.task_options
    if options is not None and not isinstance(options, Mapping):
        raise TaskError(f"task_options={shown(options)} is no mapping", todo="give names and values")
    if not isinstance(model, str) and any(not hasattr(model, name) for name in POLICY):
        raise PolicyError(
            f"model={shown(model)} is neither a name nor a policy", todo="give 'tiny', a folder, a hub name or a policy"
        )
    sampler: Any = config.sampler
    if not isinstance(sampler, str):
        raise MethodError(f"sampler={shown(sampler)} is not a name", todo="see treecore samplers")
    texts: dict[str, Any] = {"question": config.question, "reward_scheme": config.reward_scheme}
    for name, value in texts.items():
        if value is not None and not isinstance(value, str):
            raise TaskError(f"{name}={shown(value)} is not text", todo="change it, or leave it out")
    prompts: Any = config.prompts
    if not isinstance(prompts, SupportsIndex) and not is_prompts(prompts):
        raise TaskError(
            f"prompts={shown(prompts)} is neither a number nor a list of prompts",
            todo="give how many of the task's prompts are wanted, or treecore.protocols.Prompt objects",
        )


def is_prompts(value: Any) -> bool:
    """Whether these are prompts, or nothing."""
    return isinstance(value, Sequence) and all(isinstance(one, Prompt) for one in value) and not isinstance(value, str)


def check_sampling(*, temperature: Any, top_p: Any, seed: Any) -> None:
    """The sampling parameters make sense.

    Raises:
        MethodError: they do not.
    """
    for name, value in (("temperature", temperature), ("top_p", top_p)):
        if not isinstance(value, SupportsFloat):
            raise MethodError(f"{name}={shown(value)} is not a number", todo="change it")
    if not (math.isfinite(temperature) and temperature >= 0):
        raise MethodError(f"temperature={temperature} is not a number of at least 0", todo="change it")
    if not 0 < top_p <= 1:
        raise MethodError(f"top_p={top_p} is not above 0 and at most 1", todo="change it")
    if not isinstance(seed, SupportsIndex) or not 0 <= int(seed) <= MAX_SEED:
        raise MethodError(f"seed={shown(seed)} is not a whole number from 0 to {MAX_SEED}", todo="change it")


def check_record(record: Any) -> dict[str, int]:
    """What is recorded on request, as whole numbers; what is asked for 0 times is left out.

    Raises:
        PolicyError: it cannot be recorded, or not so much of it.
    """
    if not isinstance(record, Mapping):
        raise PolicyError(f"record={shown(record)} is no mapping", todo='give for example {"top_tokens": 5}')
    found: dict[str, int] = {}
    for name, value in record.items():
        if name not in MAX_RECORD:
            raise PolicyError(f"nothing called {shown(name)} can be recorded", todo=f"choose {', '.join(MAX_RECORD)}")
        text, most = str(value).strip(), MAX_RECORD[name]
        if not (text.isascii() and text.isdigit() and int(text[:9]) <= most and len(text) < 9):
            raise PolicyError(f"{name}={shown(value)} cannot be recorded", todo=f"give a whole number from 0 to {most}")
        found |= {name: int(text)} if int(text) else {}
    return found


def shown(value: Any) -> str:
    """A value as it was written, not too long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
