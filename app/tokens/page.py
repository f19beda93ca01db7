"""Explore, read as tokens: which branch and token, and what is drawn beneath; the page of it."""

from __future__ import annotations

import streamlit as st

from app import state
from app.browse import asked_in
from app.compare.sides import telling_pair
from app.controls.choices import Choices
from app.rollout import annotation
from app.rollout.token_numbers import NUMBERS
from app.tokens import branch_reader
from app.tokens.branch import Branch, ends, has_text, read
from app.tokens.reading import reading, telling_token
from app.tokens.small_tree import small_tree
from app.verbatim import ours
from app.view_fields import Field
from app.view_keys import KeyGroup
from treecore.annotate.token_numbers import lacks_numbers
from treecore.core.forest import Forest
from treecore.methods.registry import NEUTRAL, Credit

READ = Choices("Read as", "explore:read", {"tree": "tree", "table": "table", "tokens": "tokens"})
STRIPS = ("surprise", "entropy", "confidence")
BENEATH, END, AT = "explore:beneath", "explore:end", "explore:at"
CHANNEL, HEARD = "tokens_channel", "tokens_heard"
NOBODY = -1
"""Of `AT`: nobody chose a token yet."""
FIELDS: tuple[Field | str, ...] = (
    READ.field(),
    Field("beneath", STRIPS, allowed=lambda: (*STRIPS, "none")),
    Field("end", there=lambda name: is_end(name)),
    Field("at", NOBODY, there=lambda number: not is_chosen() or 0 <= int(number) < tokens_here()),
)
"""What the address carries of it."""
KEYS = KeyGroup(
    "Read as tokens",
    (("← →", "token"), ("↑ ↓", "branch at the fork"), ("A", "alternatives"), ("Esc", "back to the token")),
)


def is_chosen() -> bool:
    """Whether branches are read token by token."""
    return bool(state.field(READ.key) == "tokens")


def is_table() -> bool:
    """Whether steps are read as a table."""
    return bool(state.field(READ.key) == "table")


def pills() -> bool:
    """Tree, table or tokens, and what stands beneath tokens that are recorded; whether the trees are drawn."""
    READ.row()
    if not is_chosen():
        return not is_table()
    if not has_text(state.forest()):
        return False
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.caption(ours("beneath"), width="content")
        state.prime(BENEATH, list(STRIPS))
        st.segmented_control(
            "Beneath the tokens",
            list(STRIPS),
            key=BENEATH,
            selection_mode="multi",
            format_func=ours,
            label_visibility="collapsed",
            width="content",
        )
    if lacks_numbers(state.forest()):
        more_numbers()
    return False


def more_numbers() -> None:
    """The button that gets entropy and confidence; it says why where it cannot."""
    reason = annotation.lacking()
    st.button(
        "Add entropy and confidence",
        key="token_numbers",
        icon=":material/query_stats:",
        on_click=annotation.ask,
        args=(NUMBERS,),
        disabled=bool(reason),
        help=ours(f"{reason[:1].upper()}{reason[1:]}.") if reason else "Read again by the model that wrote them.",
    )


@st.fragment
def reader(credit: Credit | None) -> None:
    """The branch; another one, or tokens that the browser does not hold, rerun only this.

    Args:
        credit: of the shown forest; None gives no weights.
    """
    state.keep()
    branch = shown_branch(credit)
    if branch is None:
        st.info("Nobody wrote anything here yet: there is no branch to read.", icon=":material/notes:")
        return
    at = state.field(AT)
    if at >= len(branch.tokens):
        state.put({AT: (at := len(branch.tokens) - 1)})
    at = telling_token(branch) if at < 0 else at
    scale = NEUTRAL if credit is None else credit.ends
    branch_reader(
        reading(branch, credit, scale, at=at),
        small_tree(branch, credit),
        at=at,
        strips=[one for one in STRIPS if one in state.field(BENEATH)],
        heard=int(state.get_or(HEARD, 0)),
        key=CHANNEL,
        on_ask=take,
    )
    state.sync_address()


def shown_branch(credit: Credit | None) -> Branch | None:
    """The branch that is read; None where the forest has no words."""
    forest = state.forest()
    leaf = leaf_of(forest)
    found = None if leaf is None else read(forest, credit, leaf)
    return found if found is not None and found.tokens else None


def leaf_of(forest: Forest) -> int | None:
    """The end of the branch: the chosen one, else one beneath the selected step, else a telling one."""
    listed = ends(forest)
    asked = state.field(END)
    if state.has_node(asked) and forest.row(asked) in listed:
        return forest.row(asked)
    selected = state.selected_row()
    if selected is not None:
        beneath = [leaf for leaf in forest.topology.leaves_under(selected).tolist() if leaf in listed]
        if beneath:
            return int(beneath[0])
    if len(listed) > 1:
        return telling_pair(forest)[0]
    return listed[0] if listed else None


def tokens_here() -> int:
    """How many tokens the branch has that is read."""
    branch = shown_branch(None)
    return 0 if branch is None else len(branch.tokens)


def is_end(name: str) -> bool:
    """Whether a branch of the shown forest ends with a step of this id."""
    forest = state.forest()
    return state.has(forest, name) and forest.row(name) in ends(forest)


def take() -> None:
    """Take over what was asked for in the browser: a branch by its end, and a token of it."""
    asked = asked_in(state.get(CHANNEL))
    if asked is None:
        return
    state.put({HEARD: asked.number})
    end, at = asked.said.get("end", ""), asked.said.get("at", "")
    if state.has_node(end):
        state.put({END: end})
    if at.isascii() and at.isdecimal() and len(at) < 9:
        state.put({AT: int(at)})
