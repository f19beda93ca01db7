"""What the film calls each equation of a method: a title, and one plain sentence: the method's own, else by column."""

from __future__ import annotations

from typing import NamedTuple

from treecore.methods.registry import Credit, get_method


class Wording(NamedTuple):
    """A stage's title, its sentence, and the heading of its numbers where that is not the name of their column."""

    title: str
    sentence: str
    heading: str = ""


BACKED_UP = "Back up values"
WORDS = {
    "value": Wording(BACKED_UP, "The value of a step is the mean outcome of the leaves beneath it."),
    "intra": Wording(
        "Normalise within each tree",
        "Each outcome is measured against the other leaves of its own tree, in standard deviations: relatives that "
        "share its early steps.",
        "in its tree",
    ),
    "inter": Wording(
        "Normalise across trees",
        "Each outcome is measured against all trajectories of the prompt, whichever tree they grew on.",
        "across trees",
    ),
    "baseline": Wording(
        "Baseline",
        "What each outcome is measured against: the mean by length, in which a long trajectory counts for more than in "
        "the mean over trajectories.",
    ),
    "episode": Wording(
        "Episode against its group",
        "Each outcome, less the mean over the steps of all trajectories of the prompt: a trajectory counts there once "
        "for every step that it has, not once as in the mean over trajectories.",
    ),
    "episode_advantage": Wording(
        "Episode part of every step", "A step gets the mean of the trajectories through it.", "episode"
    ),
    "step_advantage": Wording(
        "Step against its anchor group",
        "What follows a step, less the mean over the steps that were taken from the same state, each counted once for "
        "every trajectory through it.",
        "step",
    ),
    "segment_advantage": Wording(
        "Change of value over every segment",
        "A segment's advantage is the chance of success after it, less the chance before it.",
        "change",
    ),
    "similarity": Wording(
        "Likeness to the expert's step",
        "Twice the matching characters, divided by the characters of both steps.",
        "likeness",
    ),
    "label": Wording("Label every step", "Each step is judged: 1 where it is good, 0 where it is not."),
    "effective": Wording(
        "Effective reward", "A step's own value and what it adds to the chance that one of several attempts succeeds."
    ),
    "ratio": Wording("Ratio of chances", "The chance of success after a step, divided by the chance before it."),
    "progress": Wording("Relative progress", "The chance of success after a step, divided by the chance before it."),
    "token_value": Wording(
        "Values of the search",
        "What the tree search wrote on each step, squeezed between -1 and 1 except at the last.",
        "search value",
    ),
    "step_reward": Wording(
        "Reward of every step",
        "How far a step could still go, shared among the steps that are left to a right answer.",
        "step reward",
    ),
    "quality": Wording("Quality of what is written so far", "The rewards of the steps up to here, one after another."),
    "action": Wording(
        "Tool use against its group",
        "Each trajectory's reward for its tool calls, less the mean.",
        "tool use",
    ),
    "action_part": Wording(
        "Tool part of every step",
        "A step gets the mean of the trajectories through it.",
        "tool part",
    ),
    "outcome_part": Wording(
        "Outcome part of every step",
        "A step gets the mean of the trajectories through it.",
        "from outcome",
    ),
    "leave_one_out": Wording(
        "Leave one out", "Each outcome is measured against the mean of the other trajectories of the prompt.", "lead"
    ),
    "state_value": Wording("Value of every step", "What the leaves beneath a step have ahead of the rest.", "value"),
    "local": Wording("Gain over the step before", "A step's value, less the value of the step before it.", "gain"),
    "filled_local": Wording("Fill in gains of zero", "Where nothing was gained, the gain before it counts.", "gain"),
    "outcome": Wording(
        "Normalise over the prompt",
        "Each outcome is measured against all trajectories of the prompt, in standard deviations.",
    ),
    "node_value": Wording("Value of every step", "What the outcomes after a step come to.", "value"),
    "factor": Wording(
        "Factor of the batch",
        "The trajectories of the batch over those with a reward other than 0: one number for all.",
    ),
    "prefix_share": Wording(
        "Count shared beginnings once",
        "One over the trajectories that share the step: what many repeat counts as often as what one wrote.",
        "share",
    ),
    "change": Wording(
        "Change of value where branches part",
        "The mean outcome of those that continue with a step, less that of all that shared the prefix before it.",
        "change",
    ),
    "global": Wording("Gain over the prompt", "A step's value, less the value of the prompt as a whole.", "gain"),
}
"""Column -> words. `advantage` and `credit` mean what their equation says: `advantage` and `credit_words`."""
TITLES = {"advantage": "Advantage of every trajectory", "credit": "Credit for every step"}
NEXT = "The next quantity of the method."
PLAIN = {
    "advantage": "These numbers become one advantage for each trajectory.",
    "credit": "These numbers become the credit of each step.",
}
"""What is true of every method, for those that give no words of their own: a column of another's may mean another thing
than one of ours with the same name."""
BEFORE = {"before", "parent_value", "parent_state_value", "q_before"}


def words_for(credit: Credit, formula: str, *, column: str) -> Wording:
    """Title and sentence of one equation.

    Args:
        formula: `left = right`, of the credit's method.
        column: what its left side stands for.
    """
    method = get_method(credit.method)
    if column in method.words:
        return Wording(title=TITLES.get(column, titled(column)), sentence=method.words[column])
    if not method.is_bundled:
        return Wording(title=TITLES.get(column, titled(column)), sentence=PLAIN.get(column, NEXT))
    used = referred(credit, formula)
    if column == "advantage":
        return advantage(used)
    if column == "credit":
        return credit_words(used)
    if column == "label" and "mc" in used:
        return Wording("Label every step", "A step's label is the share of continuations from it that end right.")
    if column == "value" and "children:value" in used:
        return Wording(BACKED_UP, "The value of a step is the mean value of the steps that follow it.")
    return WORDS.get(column, Wording(title=titled(column), sentence=NEXT))


def titled(column: str) -> str:
    """The name of a column as a title."""
    return column.replace("_", " ").capitalize()


def referred(credit: Credit, formula: str) -> frozenset[str]:
    """References of the symbols on the right side of an equation, such as `group_std` and `leaves:advantage`."""
    symbols = get_method(credit.method).symbols
    right, found = formula.split(" = ", 1)[1], set()
    for symbol in sorted(symbols, key=len, reverse=True):
        if symbol in right:
            found.add(symbols[symbol])
            right = right.replace(symbol, " ")
    return frozenset(found)


def advantage(used: frozenset[str]) -> Wording:
    """Words for the advantage of a trajectory."""
    if "best" in used:
        return Wording("Best against second best", "Only the best trajectory gets something: its lead.")
    if {"batch_std", "return"} <= used:
        return Wording(
            "Normalise over the batch",
            "Each trajectory is measured against all tokens of the batch, in standard deviations: a long trajectory "
            "counts there for more than in the mean over trajectories.",
        )
    if "batch_std" in used:
        return Wording(
            "Normalise over the batch", "Each trajectory is measured against the whole batch, in standard deviations."
        )
    if "group_std" in used:
        return Wording(
            "Normalise over the prompt",
            "Each outcome is measured against all trajectories of the prompt, in standard deviations.",
        )
    if "prompt_mean" in used:
        return Wording("As a share of the mean", "Each outcome, less the mean of its prompt, as a share of that mean.")
    if "factor" in used:
        return Wording(
            "Measure against the mean", "Each outcome, less the mean of its prompt, times the factor of the batch."
        )
    if "others_mean" in used:
        return Wording("Measure against the others", "Each outcome, less the mean of the prompt's other trajectories.")
    if used & {"group_mean", "baseline"}:
        return Wording("Measure against the baseline", "Each outcome, less the baseline of its prompt.")
    return Wording(title=TITLES["advantage"], sentence=PLAIN["advantage"])


def credit_words(used: frozenset[str]) -> Wording:
    """Words for the credit of a step."""
    return Wording(
        title=TITLES["credit"], sentence=next((say for names, say in CREDITS if used & names), PLAIN["credit"])
    )


CREDITS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"prefix_share"}), "A step's credit is the mean of the trajectories through it, times its share."),
    (frozenset({"change"}), "The mean of the trajectories through a step, and the change of value on its words."),
    (
        frozenset({"prompt_value"}),
        "What a step gained over the prompt, and over the step before it where that is added.",
    ),
    (frozenset({"parent_node_value"}), "A step's value, less that of the step before it."),
    (frozenset({"node_value"}), "The value of a step is its credit."),
    (
        frozenset({"leaves:advantage"}),
        "A step's credit follows from the trajectories through it: shared early steps average many ends, late steps "
        "keep their own.",
    ),
    (frozenset({"siblings:value"}), "A step's value, less the mean of all steps taken from the same prefix."),
    (frozenset({"label"}), "A good step gets +1, a bad one -1."),
    (frozenset({"lowest_window"}), "A step is as good as the model's confidence in the least sure part of it."),
    (frozenset({"similarity"}), "A step's credit is its likeness to what the expert did."),
    (frozenset({"global", "filled_local"}), "What a step gained over the prompt and over the step before it."),
    (frozenset({"episode_advantage"}), "What its episode earned, and how the step did in its anchor group."),
    (frozenset({"outcome_part"}), "The outcome counts everywhere, the use of the tool on the words of the calls."),
    (frozenset({"segment_advantage"}), "The change counts as far as the segment's words were real decisions."),
    (frozenset({"ancestor_mean"}), "A step's value, less the mean value of the steps before it."),
    (frozenset({"state_value"}), "The value of a step is its credit."),
    (frozenset({"param:margin"}), "A step's value and its gain beyond the margin, divided among its leaves."),
    (frozenset(BEFORE), "A step's credit is what it changed: its value against the value before it."),
    (frozenset({"parent:quality"}), "A step's credit is what it added to the quality of the solution."),
    (frozenset({"return", "batch_std"}), "What a step earned, against the whole batch, in standard deviations."),
    (frozenset({"divisor"}), "A step's value is measured against the outcomes of the prompt."),
)
