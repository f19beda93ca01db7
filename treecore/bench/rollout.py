"""How fast trees are sampled: the engine against `model.generate` of transformers, on one model in one run.

Three sides write the same number of trajectories of the same prompts with the same sampling parameters: a sampler's
trees, the engine without trees, and `generate`. What sharing gives is thus apart from what the engine gives. There is
no verdict here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from treecore.bench.measure import Spent, machine
from treecore.bench.rollout_count import bandwidth, ratios, speeds
from treecore.bench.rollout_model import device_facts, loaded_policy, memory_bandwidth, model_facts, random_policy
from treecore.bench.rollout_sides import SIDES, Share, Sides, Work, shares_of
from treecore.errors import MethodError
from treecore.samplers import get_sampler

OnProgress = Callable[[str, int, int], None]
LONG_SECONDS = 180.0
"""After so long no more rounds begin; after half of it only the largest batches of `generate` are tried."""
CONDITIONS = (
    "same model, prompts, number of trajectories, temperature, top-p, end tokens, stop strings and most new tokens; "
    "other random numbers",
    "generate: prompts of like length in a batch, left padding, keys and values cached, a row over at its end token, a "
    "batch when all its rows are; batch size and threads are the fastest of those tried",
    "generate is timed up to token ids; the engine up to finished forests: text, log probability, entropy and "
    "confidence of every token, steps, rewards",
    "every side ran before it was timed; sides take turns; each figure is of its fastest run; loading the model and "
    "starting the engine's workers are not timed",
    "on one core: one process and one thread; on all cores: the engine in as many processes as there are cores, "
    "generate with as many threads or with one, whichever is faster",
    "tokens_computed went through the model because something follows them; positions also counts padding and rows "
    "that are over; tokens_sampled were drawn; tokens_in_trajectories are those of all answers, shared ones each time",
)


def bench_rollout(
    work: Work,
    *,
    model: str = "tiny",
    config: Mapping[str, str] | None = None,
    device: str | None = None,
    dtype: str | None = None,
    options: Mapping[str, Any] | None = None,
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """All figures, JSON-ready.

    Args:
        work: what to sample.
        model: as in `treecore.rollout`; not used with `config`.
        config: fields of a configuration to make a model of random weights by; a loaded model when None.
        device, dtype: of the model.
        options: more keywords of the policy, such as `batch_tokens` and `static`.
        on_progress: called with what comes next, how much is done, and how much there is.

    Raises:
        MethodError: the sampler's number of trajectories is not known before, or is too large for separate chains.
        PolicyError, TaskError: the model cannot be used; no such task, or too many prompts.
    """
    sampler = get_sampler(work.sampler)
    values = sampler.parse(work.settings)
    if sampler.open_ended:
        raise MethodError(f"sampler '{sampler.name}' does not say how many trajectories it gives", todo="use another")
    per_prompt = sampler.trajectories(values)
    host, chosen, began = machine(), dict(options or {}), time.monotonic()
    if on_progress is not None:
        on_progress("loading the model", 0, 1)
    if config is None:
        policy = loaded_policy(model, device=device, dtype=dtype, options=chosen)
    else:
        policy = random_policy(config=config, device=device, dtype=dtype, seed=work.seed, options=chosen)
    sides, shares = Sides(policy, work, values, per_prompt), shares_of(policy, work.prompts)
    setups = {share.name: sides.setups(share, static=bool(chosen.get("static"))) for share in shares}
    steps = Steps(on_progress, sum(map(len, setups.values())) + len(shares) * len(SIDES) * (1 + work.repeats))
    for share in shares:
        for setup in setups[share.name]:
            steps.next(f"trying generate with {setup.rows} rows, {share.name}")
            if time.monotonic() - began < LONG_SECONDS / 2 or setup == setups[share.name][-1]:
                sides.attempt(setup)
    timed = Timed(sides, shares, steps)
    for done in range(work.repeats):
        if done and time.monotonic() - began > LONG_SECONDS:
            break
        timed.round()
    facts, memory = model_facts(policy), memory_bandwidth(policy.model.device)
    first, *others = (timed.rows(share, facts=facts, memory=memory) for share in shares)
    chosen_setups = {share.name: sides.best(share).setup for share in shares}
    return {
        "bench": "rollout",
        "machine": {**host, **device_facts(policy), "load_after": machine()["load_before"]},
        "model": facts,
        "settings": {
            **asdict(work),
            "settings": values,
            "stop": list(work.stop),
            "trajectories_per_prompt": per_prompt,
            "prompt_tokens": sum(map(len, sides.prompt_ids)),
            "max_sequences": policy.max_sequences,
            **chosen,
        },
        "conditions": list(CONDITIONS),
        "generate_tried": [one.as_json(chosen=setup in chosen_setups.values()) for setup, one in sides.trials.items()],
        "memory": memory,
        "share": shares[0].name,
        "sides": first,
        "ratio": ratios(first),
        "all_cores": {
            "processes": shares[1].workers,
            "generate": asdict(chosen_setups[shares[1].name]),
            "sides": others[0],
            "ratio": ratios(others[0]),
        }
        if others
        else None,
    }


class Timed:
    """Runs of every side on every share of the machine, in turns."""

    def __init__(self, sides: Sides, shares: Sequence[Share], steps: Steps) -> None:
        self.sides, self.shares, self.steps = sides, shares, steps
        self.runs: dict[tuple[str, str], list[Spent]] = {}
        self.counts: dict[str, dict[str, Any]] = {}
        for share in shares:
            sides.get_ready(share)
            for name in SIDES:
                steps.next(f"warming up, {name}, {share.name}")
                if name == "generate":
                    self.runs[share.name, name] = [spent for spent in [sides.best(share).spent] if spent is not None]
                    continue
                self.runs[share.name, name] = []
                if name in self.counts:
                    sides.run(name, share)
                else:
                    self.counts[name] = sides.count(name)

    def round(self) -> None:
        """One more run of every side."""
        for share in self.shares:
            for name in SIDES:
                self.steps.next(f"timing, {name}, {share.name}")
                self.runs[share.name, name].append(self.sides.time(name, share))

    def rows(self, share: Share, *, facts: Mapping[str, Any], memory: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Figures of every side on a share of the machine."""
        found = {}
        for name in SIDES:
            row = dict(self.sides.best(share).row if name == "generate" else self.counts[name])
            row.update(speeds(row, self.runs[share.name, name]))
            found[name] = row | bandwidth(row, facts=facts, memory=memory)
        return found


class Steps:
    """Counts what is under way for whoever looks on."""

    def __init__(self, on_progress: OnProgress | None, total: int) -> None:
        self.on_progress, self.total, self.done = on_progress, total, 0

    def next(self, what: str) -> None:
        if self.on_progress is not None:
            self.on_progress(what, self.done, self.total)
        self.done += 1
