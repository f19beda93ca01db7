"""The peer of the engine: `model.generate` of transformers over batches of prompts, each asked for several sequences.

It is used as well as it can be: prompts of like length together, padded on the left, keys and values cached, a row over
at its end token, and the fastest of several batch sizes and thread counts. Knows no tree and no task.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SamplingParams:
    """What is drawn, and when a trajectory is over.

    Attributes:
        per_prompt: trajectories of each prompt.
        max_new: most tokens of a trajectory.
        stop: strings that end one.
    """

    per_prompt: int
    max_new: int
    stop: tuple[str, ...]
    temperature: float
    top_p: float
    seed: int


@dataclass(frozen=True)
class Setup:
    """How `generate` is run: rows of a batch at most, threads of torch (None: as it is set), kind of cache."""

    rows: int
    threads: int | None
    cache: str | None = None


@dataclass(frozen=True)
class Row:
    """One trajectory: tokens of its prompt, and what was drawn, its end token included."""

    prompt: int
    ids: tuple[int, ...]

    @property
    def computed(self) -> int:
        """Tokens that had to go through the model: nothing follows the last."""
        return self.prompt + max(len(self.ids) - 1, 0)


@dataclass(frozen=True)
class Drawn:
    """What one run of `generate` gave.

    Attributes:
        rows: trajectories, prompts in order of length.
        shapes: rows and width of every pass of the model.
    """

    rows: list[Row]
    shapes: list[tuple[int, int]]


class Generate:
    """`generate` on the model of a policy.

    Args:
        policy: a loaded policy of transformers.
        prompts: tokens of each prompt.
        params: what to draw.
    """

    def __init__(self, policy: Any, prompts: Sequence[Sequence[int]], params: SamplingParams) -> None:
        self.model, self.tokenizer, self.params = policy.model, policy.tokenizer, params
        self.prompts = sorted(prompts, key=len)
        single = {text: ids for text in params.stop if len(ids := policy.encode(text)) == 1}
        self.stop_strings = [text for text in params.stop if text not in single]
        self.end_ids = sorted({*policy.end_ids, *(ids[0] for ids in single.values())})
        known = (self.tokenizer.pad_token_id, *range(len(self.end_ids) + 1))
        self.pad = next(token for token in known if token is not None and token not in self.end_ids)

    def run(self, setup: Setup) -> Drawn:
        """All trajectories of all prompts."""
        import torch

        from treecore.policies.local.torch_threads import torch_threads

        drawn = Drawn([], [])
        size = max(1, setup.rows // self.params.per_prompt)
        devices = [self.model.device] if self.model.device.type == "cuda" else []
        with torch.random.fork_rng(devices), torch_threads(setup.threads), self._configured(setup):
            torch.manual_seed(self.params.seed)
            for start in range(0, len(self.prompts), size):
                self._batch(self.prompts[start : start + size], drawn)
        return drawn

    def _batch(self, prompts: Sequence[Sequence[int]], drawn: Drawn) -> None:
        import torch

        width, device = max(map(len, prompts)), self.model.device
        ids = torch.tensor([[*[self.pad] * (width - len(one)), *one] for one in prompts], device=device)
        mask = torch.tensor([[*[0] * (width - len(one)), *[1] * len(one)] for one in prompts], device=device)
        more = {"stop_strings": self.stop_strings, "tokenizer": self.tokenizer} if self.stop_strings else {}
        new = self.model.generate(input_ids=ids, attention_mask=mask, **more)[:, width:].tolist()
        for number, row in enumerate(new):
            drawn.rows.append(Row(len(prompts[number // self.params.per_prompt]), self._written(row)))
        drawn.shapes.extend([(len(new), width)] + [(len(new), 1)] * (len(new[0]) - 1))

    def _written(self, row: list[int]) -> tuple[int, ...]:
        """What was drawn, without the padding behind it."""
        end = next((place + 1 for place, token in enumerate(row) if token in self.end_ids), len(row))
        if self.stop_strings:
            while end > 0 and row[end - 1] == self.pad:
                end -= 1
        return tuple(row[:end])

    @contextmanager
    def _configured(self, setup: Setup) -> Iterator[None]:
        """The parameters as the model's only settings of generation, whatever it came with."""
        from transformers import GenerationConfig

        from treecore.policies.local.policy import quiet

        params, before = self.params, self.model.generation_config
        self.model.generation_config = GenerationConfig(
            do_sample=True,
            temperature=params.temperature,
            top_p=params.top_p,
            top_k=0,
            max_new_tokens=params.max_new,
            num_return_sequences=params.per_prompt,
            pad_token_id=self.pad,
            eos_token_id=self.end_ids or None,
            use_cache=True,
            cache_implementation=setup.cache,
        )
        try:
            with quiet():
                yield
        finally:
            self.model.generation_config = before
