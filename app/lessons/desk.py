"""Pages beside the course: worksheet, answers, words, and the free unit. Streamlit's own widgets do."""

from __future__ import annotations

import streamlit as st

from app import state
from app.lessons.reveal import at_stake, looked_for, number
from app.stage import trees
from app.verbatim import ours, verbatim
from treecore.core.numerals import plain
from treecore.errors import TreecoreError
from treecore.lessons.build import FORK_METHOD, GOALS, GROUP_METHOD, START, judged, outline
from treecore.lessons.glossary import glossary
from treecore.lessons.unit import units
from treecore.lessons.words import sentence
from treecore.lessons.worksheet import MAX_BYTES, answer, checked, question, worksheet

GOAL, TREE = "lessons_goal", "lessons_tree"
MARKS = {True: "✓ right", False: "✕ not this", None: "– no number"}
HEIGHT = 340


def worksheet_page() -> None:
    """The worksheet to take away, and one that comes back."""
    st.markdown("#### Worksheet")
    st.markdown(
        "One question a unit, to be answered with a number: `0.5`, `-1/3` and `50 %` are numbers. "
        "Fill in the last column and upload it here again."
    )
    st.download_button(
        "Worksheet as CSV", worksheet, file_name="worksheet.csv", mime="text/csv", on_click="ignore", key="lessons_csv"
    )
    given = st.file_uploader("A worksheet that was filled in", type="csv", key="lessons_solved", max_upload_size=1)
    if given is None:
        return
    try:
        marked = checked(given.read(MAX_BYTES + 1))
    except TreecoreError as error:
        st.error(verbatim(error), icon=":material/error:")
        return
    st.markdown(ours(f"**{sum(one.right is True for one in marked)} of {len(marked)} right.** Nothing is stored."))
    st.table(
        [
            {
                "unit": ours(one.unit.title),
                "your answer": verbatim(one.given[:40]),
                "": ours(MARKS[one.right]),
                "why": ours(one.said),
            }
            for one in marked
        ],
        border="horizontal",
        hide_index=True,
    )


def answers_page() -> None:
    """The truth of every bet and the answer to every question, for teachers."""
    st.markdown("#### Answers")
    st.markdown("What the bets are about and what the questions ask for. Links to a unit show none of it.")
    for unit in units().values():
        with st.expander(ours(f"{unit.number}  {unit.title}")):
            place = looked_for(unit)
            right = f"Step {place + 1} ({number(unit, at_stake(unit)[place])})"
            st.markdown(ours(f"**Bet.** {right}: {sentence(unit, unit.truth)}"))
            st.markdown(ours(f"**Why.** {sentence(unit, unit.why)}"))
            st.markdown(ours(f"**Question.** {question(unit)} **{plain(answer(unit))}**"))
            st.markdown(ours(f"**To take away.** {unit.take}"))


def words_page() -> None:
    """The glossary."""
    st.markdown("#### Words")
    for word in glossary().values():
        st.markdown(ours(f"**{word.term}**  \n{word.means}"))


def free_page() -> None:
    """Break it: build the smallest tree on which two methods part."""
    st.markdown("#### Break it")
    st.markdown(
        "Build the smallest tree you can. A line is a step, two spaces further in is one step later, and an end says "
        f"`= 1` for right or `= 0` for wrong. {ours(GROUP_METHOD)} compares each end with all ends, "
        f"{ours(FORK_METHOD)} each step with those that leave the same fork."
    )
    left, right = st.columns([0.4, 0.6], gap="large")
    with left:
        goal = st.radio("On this tree …", list(GOALS), format_func=lambda name: ours(GOALS.get(name, "")), key=GOAL)
        state.prime(TREE, START)
        text = st.text_area("Your tree", key=TREE, height=HEIGHT, max_chars=4000)
        st.button("Check", type="primary", key="lessons_break")
    with right:
        try:
            forest = outline(str(text))
            found = judged(forest, goal if goal in GOALS else next(iter(GOALS)))
        except TreecoreError as error:
            st.error(verbatim(error), icon=":material/error:")
            return
        (st.success if found.done else st.info)(verbatim(found.said), icon=":material/check:" if found.done else None)
        trees(forest, None, key="lessons_free", height=HEIGHT, linked=False)


PAGES = {"worksheet": worksheet_page, "answers": answers_page, "words": words_page, "free": free_page}
