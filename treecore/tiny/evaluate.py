"""Measure a model on the bundled tasks: `python -m treecore.tiny.evaluate --prompts 200 --samples 8 --seed 0 --json`.

Samples whole trajectories on held-out prompts at temperature 1, nothing cut from the distribution. Knows no trees.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from treecore import tiny
from treecore.protocols import Prompt, Step, Task
from treecore.tasks import TASKS, get_task

_ROWS = 256


@dataclass
class Trajectory:
    """One sampled answer to `prompt`; `n_tokens` are the model's own."""

    prompt: Prompt
    steps: list[Step] = field(default_factory=list)
    n_tokens: int = 0
    done: bool = False


@dataclass(frozen=True)
class Report:
    """What was measured; shares lie between 0 and 1, `seconds` is wall time.

    Attributes:
        pass_rate: mean reward of all trajectories, exact scheme.
        mixed_share: share of prompts with both right and wrong trajectories.
        distinct_share: mean over prompts of different trajectories / trajectories.
        tokens, steps: mean per trajectory, the model's own.
    """

    task: str
    prompts: int
    samples: int
    seed: int
    pass_rate: float
    mixed_share: float
    distinct_share: float
    tokens: float
    steps: float
    seconds: float


def sample(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, task: Task, prompts: Sequence[Prompt], *, seed: int
) -> list[Trajectory]:
    """One finished trajectory for each of `prompts` (repeat a prompt for several)."""
    torch.manual_seed(seed)
    trajectories = [Trajectory(prompt) for prompt in prompts]
    for start in range(0, len(trajectories), _ROWS):
        group = trajectories[start : start + _ROWS]
        while active := [one for one in group if not one.done]:
            for one, ids in zip(active, _write_step(model, tokenizer, task, active), strict=True):
                _advance(tokenizer, task, one, ids)
    return trajectories


def _write_step(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, task: Task, active: Sequence[Trajectory]
) -> list[list[int]]:
    """Token ids of the next step of every trajectory, ended by a stop string, the end or the token limit."""
    contexts = [
        " ".join([one.prompt.text, *(part for step in one.steps for part in (step.text, step.observation) if part)])
        for one in active
    ]
    inputs = tokenizer(contexts, return_tensors="pt", padding=True, padding_side="left")
    stops = [*tokenizer.convert_tokens_to_ids(list(task.stop)), tokenizer.eos_token_id]
    with torch.inference_mode():
        rows = model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            eos_token_id=stops,
            max_length=None,
            max_new_tokens=task.max_step_tokens,
        )
    width = inputs["input_ids"].shape[1]
    return [_until_stop(row[width:].tolist(), stops) for row in rows]


def _until_stop(ids: list[int], stops: Sequence[int]) -> list[int]:
    ends = [place for place, token in enumerate(ids) if token in stops]
    return ids[: ends[0] + 1] if ends else ids


def _advance(tokenizer: PreTrainedTokenizerFast, task: Task, trajectory: Trajectory, ids: list[int]) -> None:
    text = tokenizer.decode(ids)
    turn = task.respond(trajectory.prompt, trajectory.steps, text)
    trajectory.steps.append(Step(text, turn.observation))
    trajectory.n_tokens += len(ids)
    trajectory.done = turn.done or not text.endswith(task.stop)


def measure(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, task: Task, *, prompts: int, samples: int, seed: int
) -> Report:
    """Pass rate and variety of `samples` trajectories on each of `prompts` held-out prompts."""
    started = time.perf_counter()
    asked = [prompt for prompt in task.prompts(prompts, seed=seed) for _ in range(samples)]
    trajectories = sample(model, tokenizer, task, asked, seed=seed)
    rewards = [task.reward(one.prompt, one.steps) for one in trajectories]
    groups = [slice(start, start + samples) for start in range(0, len(asked), samples)]
    texts = [tuple(step.text for step in one.steps) for one in trajectories]
    return Report(
        task=task.name,
        prompts=prompts,
        samples=samples,
        seed=seed,
        pass_rate=_mean(rewards),
        mixed_share=_mean([len(set(rewards[group])) > 1 for group in groups]),
        distinct_share=_mean([len(set(texts[group])) / samples for group in groups]),
        tokens=_mean([one.n_tokens for one in trajectories]),
        steps=_mean([len(one.steps) for one in trajectories]),
        seconds=time.perf_counter() - started,
    )


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m treecore.tiny.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, default=tiny.path(), help="its folder (default: the bundled model)")
    parser.add_argument("--task", choices=sorted(TASKS), help="only this task (default: all)")
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    chosen = parser.parse_args(arguments)
    model = AutoModelForCausalLM.from_pretrained(chosen.model)
    tokenizer = AutoTokenizer.from_pretrained(chosen.model)
    counts = {"prompts": chosen.prompts, "samples": chosen.samples, "seed": chosen.seed}
    names = [chosen.task] if chosen.task else sorted(TASKS)
    reports = [measure(model, tokenizer, get_task(name), **counts) for name in names]
    if chosen.json:
        sys.stdout.write(json.dumps([asdict(report) for report in reports], indent=2) + "\n")
        return
    for report in reports:
        sys.stdout.write("  ".join(f"{name} {value}" for name, value in asdict(report).items()) + "\n")


if __name__ == "__main__":
    main()
