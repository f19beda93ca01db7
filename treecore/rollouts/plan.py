"""`RolloutPlan`: what one run samples and with which policy, and whether that policy gives what is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from treecore.errors import MethodError, PolicyError
from treecore.policies.base import ALTERNATIVES, EXTENDS, FORKS, GREEDY, TOP_ENTROPY, Policy
from treecore.protocols import Prompt, Task
from treecore.registry.params import Value
from treecore.samplers.registry import Sampler

NEEDS = {
    EXTENDS: "go on after a given text",
    FORKS: "start inside steps",
    GREEDY: "take the likeliest tokens on demand",
    TOP_ENTROPY: "tell the entropy of the likeliest tokens of each place",
}


@dataclass(frozen=True)
class RolloutPlan:
    """What one run samples, checked.

    Attributes:
        task, policy, sampler, settings: who does what; `settings` are all parameters of the sampler.
        prompts: one forest each.
        seed: of the run.
        temperature, top_p: of sampling.
        meta: prompt -> the fields of its forest; provenance comes on top.
        provenance: versions of what sampled.
        record: what is recorded on request, as in `RolloutConfig`.
    """

    task: Task
    policy: Policy
    sampler: Sampler
    settings: Mapping[str, Value]
    prompts: Sequence[Prompt]
    seed: int
    temperature: float
    top_p: float
    meta: Callable[[Prompt], dict[str, Any]]
    provenance: Mapping[str, Any]
    record: Mapping[str, int] = field(default_factory=dict)


def check_needs(sampler: Sampler, policy: Policy) -> None:
    """The policy gives what the sampler needs.

    Raises:
        MethodError: it does not.
    """
    lacking = sampler.needs - policy.gives
    if lacking:
        lacked = " and ".join(NEEDS.get(name, name) for name in sorted(lacking))
        raise MethodError(
            f"sampler '{sampler.name}' needs a policy that can {lacked}",
            todo="use a model that is loaded here, or another sampler",
        )


def check_recordable(record: Mapping[str, int], policy: Policy) -> None:
    """The policy tells what is to be recorded.

    Raises:
        PolicyError: it does not.
    """
    if record.get("top_tokens") and ALTERNATIVES not in policy.gives:
        raise PolicyError("the policy does not tell the likeliest tokens", todo="leave out top_tokens")


def check_chance(sampler: Sampler, settings: Mapping[str, Value], temperature: float) -> None:
    """Continuations differ where a value is the mean of several.

    Raises:
        MethodError: they are all the same.
    """
    name = sampler.continuations
    if name and settings[name] != 1 and temperature == 0:
        raise MethodError(
            f"at temperature 0 all {settings[name]} continuations of a step are the same",
            where=f"sampler '{sampler.name}'",
            todo=f"set {name}=1, or give a temperature above 0",
        )
