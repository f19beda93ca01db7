"""The table of samples to find: how to sample, which forest to keep, and what its text says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import shows
import shows_values
from shows import Shown

from treecore.core.forest import Forest

SEED = 7
IDEA, SAMPLER = "One idea each", "One sampler each"


@dataclass(frozen=True)
class Wanted:
    """One sample to find.

    Attributes:
        name, title: for links and people.
        run: arguments of `treecore.rollout`.
        show: how well a forest shows the thing, and words for the text; None when it does not.
        look_for: text; what stands in braces is filled in from the forest found.
        group: heading that it stands under.
    """

    name: str
    title: str
    run: dict[str, Any]
    show: Callable[[Forest], Shown | None]
    look_for: str
    group: str = IDEA


def tiny(sampler: str, *, task: str = "multihop", prompts: int = 200, **settings: Any) -> dict[str, Any]:
    """Arguments of a run with the bundled model."""
    return {"model": "tiny", "seed": SEED, "sampler": sampler, "task": task, "prompts": prompts, **settings}


def two_trees(*, task: str = "multihop", prompts: int = 500) -> dict[str, Any]:
    """Arguments of a run that gives two trees of three trajectories."""
    return tiny("random_expansion", task=task, prompts=prompts, m=2, n=2, l=1)


NEARLY_SAID = tiny("surprisal", m=2, n=2, l=1, t=2, record={"top_tokens": 14})


IDEAS = (
    Wanted(
        "early_fork",
        "Early fork: strategy",
        two_trees(),
        shows.early,
        "{right} of {leaves} trajectories are right. What separates them from {wrong} beside them is the "
        "first step: the fork at {fork} decides {share} of the trajectory. Colour by granularity and see where the signal sits.",
    ),
    Wanted(
        "late_fork",
        "Late fork: detail",
        two_trees(),
        shows.late,
        "{right} of {leaves} trajectories are right. One fork, {fork}, separates right from wrong, and it decides only "
        "{share} of the trajectory: right and wrong share everything before it.",
    ),
    Wanted(
        "all_right",
        "All right: no signal",
        two_trees(),
        shows.all_right,
        "All {leaves} trajectories are right, so there is nothing to compare: every method that compares outcomes "
        "alone gives zero to every step. The model learns nothing from this prompt.",
    ),
    Wanted(
        "rare_success",
        "Rare success",
        two_trees(),
        shows.rare,
        "One of {leaves} trajectories is right. Follow it back: wherever a step also led to failures, its credit is "
        "smaller than that of the steps after it.",
    ),
    Wanted(
        "countdown",
        "Countdown",
        two_trees(task="countdown", prompts=200),
        shows.mixed,
        "Arithmetic, one operation a line; {right} of {leaves} trajectories reach the target. The fork that matters "
        "most is {fork}, and it decides {share} of the trajectory.",
    ),
    Wanted(
        "large",
        "A larger forest",
        tiny("random_expansion", prompts=24, m=4, n=4, l=2),
        shows.mixed,
        "Four trees, {leaves} trajectories, {right} right. With more leaves beneath, the credit of early steps has a "
        "smaller standard error: compare the inspector at an early and at a late step.",
    ),
)
SAMPLERS = (
    Wanted(
        "chains",
        "Independent chains (GRPO)",
        tiny("chains", m=6),
        shows.same_start,
        "GRPO samples like this: {leaves} answers that share nothing but the prompt, {right} right. {same} of them "
        "begin with the same step, {step}, and {same_right} of these end right. Nothing forks after the "
        "prompt: choose GRPO, and every step of an answer carries the number of the whole answer.",
        SAMPLER,
    ),
    Wanted(
        "surprisal",
        "Forks inside a step (TreeRL)",
        NEARLY_SAID,
        shows.inside_a_step,
        "EPTree, the sampler of TreeRL: where the model wrote its least likely words, new endings start, also inside a "
        "step. After {fork} the next word separates right from wrong: {best}, {worst}. Choose TreeRL, which compares "
        "such places.",
        SAMPLER,
    ),
    Wanted(
        "fixed_width",
        "Segments of 8 tokens (SPO-tree)",
        tiny("fixed_width", form="spo", k=8, widths="3,2,2"),
        shows.segments,
        "SPO-tree cuts every 8 tokens and branches there, 3, 2 and 2 times, whatever the words; TreePO cuts so too, "
        "with a budget of answers. {inside} of the {inner} nodes that go on end inside a step. One of them is {fork}: "
        "the branches after it differ most, and it decides {share} of the trajectory. {right} of {leaves} are right.",
        SAMPLER,
    ),
    Wanted(
        "tool_entropy",
        "Forks after tool calls (ARPO)",
        tiny("tool_entropy", n=8, initial=2),
        shows.after_tools,
        "ARPO begins a few answers, here {trees}, and goes on more than once only after a reply of the tool. All {forks} "
        "forks come after one of the {calls} replies, the words after an arrow. The one that matters most is "
        "after {fork} was answered with {reply}. {right} of {leaves} trajectories are right.",
        SAMPLER,
    ),
    Wanted(
        "reverse_curriculum",
        "Reverse curriculum (R3)",
        tiny("reverse_curriculum", n=8),
        shows_values.frontier,
        "R3 takes a right answer of {steps} steps, cuts it before the last step, then before the one before, back to "
        "the prompt, and finishes it {n} times from each cut. The frontier is the last step at which the success rate "
        "rises so far that its interval lies above the one before: here {step}, from {before} to {after}, 95 % intervals "
        "in brackets. What comes after it the model does by itself.",
        SAMPLER,
    ),
    Wanted(
        "mcts",
        "Tree search (AlphaLLM)",
        tiny("mcts", prompts=60, simulations=10, min_terminals=2, rollouts=2, root_width=3, max_repeats=2),
        shows_values.drawn_by_search,
        "AlphaLLM goes back to what scored high; its critic here is the verifier, an oracle that knows the answer. "
        "The first step {step} was visited {visits} times (mean score {q}), the others {others}, so {beneath} of the "
        "{leaves} leaves lie beneath it. The mean outcome of the leaves, {mean}, tells how the search went, not how "
        "often the model is right. {left_out} steps too like a sibling were left without an outcome.",
        SAMPLER,
    ),
    Wanted(
        "monte_carlo",
        "Monte Carlo values (VinePPO)",
        tiny("monte_carlo", k=8, m=1),
        shows_values.fall,
        "One answer, and {k} fresh continuations of the prompt and of each step, as VinePPO asks. Share of successes, "
        "with 95 % intervals: {values}. Only at {step} does the interval part from the one before: there the answer "
        "was lost. Choose VinePPO, whose credit is the difference of two such values.",
        SAMPLER,
    ),
)
# ruff: noqa: E501

WANTED = IDEAS + SAMPLERS
