"""`Parameterised`: what everything registered as a function says of itself by its signature and its docstring."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from treecore.registry.params import Param, params_of, summary_of


class Parameterised:
    """Base of methods, samplers, verifiers and exports, each of which holds its `function`."""

    function: Callable[..., Any]

    @cached_property
    def params(self) -> tuple[Param, ...]:
        """What can be set, from the signature."""
        return params_of(self.function)

    @property
    def summary(self) -> str:
        """Plain words, from the docstring."""
        return summary_of(self.function)
