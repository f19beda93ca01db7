"""The registered sampler `mcts`: its parameters, its source, what a forest says about it."""

from __future__ import annotations

from typing import Annotated, Literal

from treecore.errors import MethodError
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds, Only
from treecore.samplers.mcts.critics import PROMPTED, get_critic
from treecore.samplers.mcts.search import Search, Settings
from treecore.samplers.registry import Growing, Growth, sampler

PAPER = Only("form", ("paper",))


@sampler(
    title="Tree search (AlphaLLM, eta-MCTS)",
    family="search",
    formula="\n".join(
        [
            r"\frac{q}{n} + c \sqrt{\frac{2 \ln N}{n}}",
            r"\max(c_{\min}, \min(\lfloor \alpha I \rfloor + 1, c_{\max}))",
        ]
    ),
    citation=Citation(
        "Tian et al.",
        2024,
        "Toward Self-Improvement of LLMs via Imagination, Searching, and Criticizing",
        "arXiv:2404.12253",
        "YeTianJHU/AlphaLLM",
        where="section 4.3, bound in section 3.2",
    ),
    size=lambda *, simulations, **_: simulations,
    count="about",
    bias="the search chose which branches to grow, so means over subtrees are biased",
    private={"value", "process", "outcome", "critic_model"},
)
def mcts(
    growth: Growth,
    *,
    form: Literal["paper", "code"] = "paper",
    simulations: Annotated[int, Bounds(1, 1000)] = 16,
    min_terminals: Annotated[int, Bounds(0, 1000)] = 4,
    c: Annotated[float, Bounds(0, 100)] = 1.0,
    alpha: Annotated[float, Bounds(0, 1000)] = 4.0,
    root_width: Annotated[int, Bounds(1, 60)] = 4,
    width: Annotated[int, Bounds(1, 10)] = 2,
    max_depth: Annotated[int, Bounds(1, 100)] = 10,
    max_split_depth: Annotated[int, Bounds(0, 100), Only("form", ("code",))] = 10,
    max_repeats: Annotated[int, Bounds(1, 20)] = 5,
    min_distance: Annotated[int, Bounds(0, 1000)] = 20,
    greedy: bool = True,
    rollouts: Annotated[int, Bounds(0, 32)] = 4,
    value: str = "none",
    process: Annotated[str, PAPER] = "none",
    outcome: str = "oracle",
    critic_model: str = "",
    beta_value: Annotated[float, Bounds(0, 100)] = 1.0,
    beta_process: Annotated[float, Bounds(0, 100), PAPER] = 1.0,
    beta_outcome: Annotated[float, Bounds(0, 100)] = 1.0,
) -> Growing:
    """Search for good answers step by step: go where the score is high or little was tried, write a new step, judge it.

    A place may have more children the more its choice matters. A new step is drawn again while it is too like its
    siblings. Critics judge it: by its text, by how finished answers that start there turn out, or both. The score
    goes to every step on the way back to the prompt. Means over the leaves of a subtree are not chances of success
    here, because the search chose the branches.

    Published numbers: 40 simulations and as many terminals, 10 or 40 children of the prompt, c 1, alpha 1 (code: 2).
    With alpha 1 and scores in -1..1 a step can have no more than 3 children; the default shows the effect.

    Args:
        form: `paper`: the equations; `code`: what the released program computes: no factor 2 in the bound, importance
            among siblings, no + 1 in the width, widths never taken back, the process critic left out.
        simulations: how often a score is backed up.
        min_terminals: go on until so many trajectories of the search ended, up to ten times the simulations.
        c: weight of what was rarely tried.
        alpha: children per unit of importance.
        root_width: children that the prompt may have at least.
        width: children that a step may have at least.
        max_depth: options of one trajectory; the last is written to the end.
        max_split_depth: below this depth one child is allowed at first (form `code` only).
        max_repeats: options drawn for one child, at most.
        min_distance: characters in which an option must differ from each sibling; the most different one drawn is
            taken if none does.
        greedy: the first child of a step takes the likeliest tokens.
        rollouts: finished answers drawn from every new step for the outcome critic.
        value: critic of unfinished answers: `none`, or `module:factory` (your own).
        process: critic of the last step: `none`, `prompted` (a language model is asked), or `module:factory`.
        outcome: critic of finished answers: `oracle` (the task's verifier; it uses the label), `prompted`, `none`, or
            `module:factory`.
        critic_model: folder or hub name of the model that `prompted` asks.
        beta_value: weight of the value critic.
        beta_process: weight of the process critic.
        beta_outcome: weight of the outcome critic.

    Columns:
        mcts_kind: what a step is to the search: 0 a place that it may go on from, 1 of a rollout for the outcome
            critic, 2 an option that was too like a sibling.
        mcts_visits, mcts_q: scores backed up through a place, and their mean.
        mcts_score: the critics' own score of a place.
        mcts_simulation: the simulation that made it, from 0; -1 for the prompt.
        mcts_width: children that it may have.
        mcts_distance: characters in which an option differs from the most similar sibling.
        mcts_answer: 1 on the way down by the largest mean score, what the search would answer.
    """
    if critic_model and PROMPTED not in (process, outcome):
        raise MethodError("critic_model is asked by no critic", todo=f"set process or outcome to {PROMPTED}")
    critics = {
        "value": get_critic(value, role="value"),
        "process": get_critic(process, role="process", model=critic_model),
        "outcome": get_critic(outcome, role="outcome", model=critic_model),
    }
    growth.notes["critics"] = {role: "none" if critic is None else critic.label for role, critic in critics.items()}
    if not any(critics.values()):
        growth.notes["unjudged"] = "no critic was set: the search went by visits alone and finished what it came upon"
    settings = Settings(
        form=form,
        simulations=simulations,
        min_terminals=min_terminals,
        c=c,
        alpha=alpha,
        root_width=root_width,
        width=width,
        max_depth=max_depth,
        max_split_depth=max_split_depth,
        max_repeats=max_repeats,
        min_distance=min_distance,
        greedy=greedy,
        rollouts=rollouts,
        beta_value=beta_value,
        beta_process=beta_process,
        beta_outcome=beta_outcome,
        **critics,
    )
    search = Search(growth, settings)
    yield from search.run()
    growth.notes["simulations"] = search.simulations
    growth.notes["terminals"] = search.terminals
