"""What a visitor asks a rollout for, and what of it has grown. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from treecore.core.forest import Forest
from treecore.core.numerals import counted, whole
from treecore.errors import PolicyError
from treecore.samplers import SAMPLERS
from treecore.samplers.registry import Count


@dataclass(frozen=True)
class Limits:
    """The most that one run may take of a server that others share.

    Attributes:
        trajectories: that end, in all its forests.
        tokens: drawn.
        seconds: of sampling.
    """

    trajectories: int
    tokens: int
    seconds: float

    def check(self, trajectories: int) -> None:
        """Refuse a run that is too large before it begins.

        Raises:
            PolicyError: it asks for more trajectories.
        """
        if trajectories > self.trajectories:
            bound = f"this server grows at most {whole(self.trajectories)} a run"
            asked = f"{counted(trajectories, 'trajectory', 'trajectories')} asked for, and {bound}"
            raise PolicyError(asked, todo="ask for fewer prompts or branches")

    def passed(self, *, trajectories: int, tokens: int, seconds: float) -> str:
        """Which limit a run is over, as a clause; "" while it is within all."""
        over = (
            (trajectories > self.trajectories, counted(self.trajectories, "trajectory", "trajectories")),
            (tokens > self.tokens, counted(self.tokens, "token")),
            (seconds > self.seconds, f"{self.seconds:g} s"),
        )
        found = next((limit for reached, limit in over if reached), "")
        return f"stopped after {found}, the most that a run gets on this server" if found else ""


@dataclass(frozen=True)
class Model:
    """A model and how to load it.

    Attributes:
        name: bundled name, folder or hub name; with `server`, the name that the server gives it.
        server: address of an OpenAI-compatible server, "" for models of this machine.
        device, dtype: as `treecore.policies.load_policy` takes them, "" for the best one present.
        batch_tokens: most tokens held at once, 0 for what fits.
    """

    name: str
    server: str = ""
    device: str = ""
    dtype: str = ""
    batch_tokens: int = 0


@dataclass(frozen=True)
class Request:
    """What a visitor asked for.

    Attributes:
        task, sampler: registry names; `options` and `settings` are their parameters.
        model: what writes.
        question: the visitor's own question, "" to draw `prompts` from the task.
        top_tokens: likeliest tokens that are recorded at each token, 0 for none.
        limits: None on the operator's own machine.
    """

    task: str
    sampler: str
    model: Model
    question: str
    prompts: int
    seed: int
    temperature: float
    settings: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    limits: Limits | None = None
    top_tokens: int = 0

    @property
    def title(self) -> str:
        """For people."""
        return self.question or f"{self.task}, {self.prompts} prompt{'s' if self.prompts > 1 else ''}"

    @property
    def trajectories(self) -> int:
        """How many it asks for, as far as the sampler can tell beforehand."""
        each = SAMPLERS[self.sampler].trajectories(self.settings)
        return each * (1 if self.question else self.prompts)


@dataclass(frozen=True)
class JobProgress:
    """What a running job has reached; read by the view while the worker goes on.

    Attributes:
        done, total: trajectories.
        tokens: drawn so far; seconds: since sampling began.
        forests: as they were at the last look at them, those that are finished too.
        waiting: what it waits for and how long yet, in words of a server; empty while it goes on.
        count: what `total` says of the trajectories that there will be; `about` where it says nothing.
        finished: share of the prompts whose forests are.
    """

    done: int
    total: int
    tokens: int
    seconds: float
    forests: tuple[Forest, ...]
    waiting: str = ""
    count: Count = "exactly"
    finished: float = 0.0

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1, as far as that is known."""
        return self.finished if self.count == "about" else min(self.done / max(self.total, 1), 1.0)

    @property
    def far(self) -> str:
        """How many trajectories there are, and will be where that is known."""
        if self.count == "about":
            return f"{counted(self.done, 'trajectory', 'trajectories')} so far"
        bound = "" if self.count == "exactly" else f"{self.count} "
        return f"{whole(self.done)} of {bound}{counted(self.total, 'trajectory', 'trajectories')}"
