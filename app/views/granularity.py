"""Granularity: does the place of a fork set the grain of its credit? A dot a fork, and the other route beside it."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from app import chrome, redraw, state
from app.browse import asked_in
from app.controls.choices import Choices
from app.controls.methods import method_button
from app.controls.view_button import view_button
from app.grain import picture, routes, words
from app.opening.merge_menu import merge_menu
from app.opening.open_menu import open_menu
from app.verbatim import ours, verbatim
from app.view_fields import Field
from app.view_keys import KeyGroup
from app.view_registry import view
from treecore.analysis.fork_sentences import sentences
from treecore.analysis.forks import Forks, Grain, forks_of, grain
from treecore.analysis.granularity import LengthUnit, counts_tokens, granularity
from treecore.analysis.label_route import Route, route
from treecore.bidi import visible
from treecore.core.batch import Forests
from treecore.core.numerals import counted, percent, plain, whole
from treecore.core.states import shape_of, states_of
from treecore.core.step_text import plain as one_line
from treecore.core.step_text import split_step
from treecore.errors import TreecoreError
from treecore.methods import get_method
from treecore.methods.registry import Credit, Over
from treecore.views.inspector.siblings import outcomes
from treecore.views.labels import cut, prompts_of

NAME = "granularity"
PICTURE, CHANNEL, HEARD = "grain_picture", "grain_channel", "grain_heard"
SCOPES = Choices("Forks of", "granularity:of", {"all": "all prompts", "one": "this prompt"})
ROWS = Choices("Rows", "granularity:rows", {"kind": "what differs", "depth": "depth", "tree": "tree"})
LENGTHS = Choices("Length in", "granularity:length", {"tokens": "tokens", "steps": "steps"})
EVERY = "granularity:every"
KEYS = KeyGroup("The picture", (("Esc", "take the range of shares back"), ("← →", "fewer, more labels, on the slider")))
USUAL, MAX_SIBLINGS, MAX_LABEL = 24, 12, 200
"""Tokens from label to label before anybody chose, siblings that are listed, and characters of each."""
NOTHING = 0.0, 0.0
"""The range of shares before anybody brushed one."""
FIELDS: tuple[Field | str, ...] = (
    SCOPES.field(),
    ROWS.field(),
    LENGTHS.field(),
    Field("every", USUAL, there=lambda number: int(number) in spacings(forks_in_scope())),
    Field("fork", there=lambda name: name in forks_in_scope().names),
    Field("brush", there=lambda _: brushed() != NOTHING),
)


class Found(NamedTuple):
    """The forks in scope, the name of each, and the label route."""

    credit: Credit
    forks: Forks
    names: list[str]
    way: Route


@view(title="Granularity", fields=FIELDS, keys=(KEYS,))
def render() -> None:
    """The picture on the left; a choice in it reruns only what stands beside it."""
    left, right = st.columns([0.69, 0.31], gap="medium")
    with left:
        head()
        bar()
        try:
            found = forks_in_scope()
        except TreecoreError as error:
            chrome.cannot(error)
            found = None
        if found is not None:
            drawn = words.picture(
                found.forks,
                found.names,
                by=state.field(ROWS.key),
                samplers=samplers(),
                way=found.way,
                shown=state.credit(),
                prompt=state.forest_number(),
            )
            picture(drawn, said(found), key=PICTURE)
    with right, st.container(key="side"):
        aside()


def head() -> None:
    """The question, and what it is asked of."""
    batch = state.opened().forests
    with st.container(key="title", gap=None):
        st.markdown("#### Does the place of a fork set the grain of its credit?")
        ends = counted(sum(len(one.leaves) for one in batch), "trajectory", "trajectories")
        st.caption(verbatim(f"{prompts_of(batch)} · {cut(state.opened().title, 60)} · {ends}"))


def bar() -> None:
    """One row: what is open, the method, which forks, what makes a row."""
    with st.container(key="controls", horizontal=True, vertical_alignment="center", gap="small"):
        open_menu()
        merge_menu()
        method_button()
        if len(state.opened().forests) > 1:
            SCOPES.row()
        ROWS.row()
        if counts_tokens(state.opened().forests):
            LENGTHS.row()
        else:
            st.caption("length in steps: token counts are not recorded", width="content")


def forks_in_scope() -> Found:
    """Forks of all prompts or of the shown one, by the chosen method.

    Raises:
        MethodError: the method cannot run; says what is lacking.
    """
    method, one, unit = state.get("method"), state.field(SCOPES.key) == "one", unit_now()
    key = (NAME, method, tuple(state.settings(method).items()), state.forest_number() if one else -1, unit)
    found: Found = state.opened().kept.get(
        key, lambda: made(state.credit() if one else state.batch_credit(), one, unit)
    )
    return found


def unit_now() -> LengthUnit:
    """What lengths are to be counted in."""
    return "steps" if state.field(LENGTHS.key) == "steps" else "tokens"


def made(credit: Credit, one: bool, unit: LengthUnit) -> Found:
    """Forks, worked out."""
    forks, batch = forks_of(credit, unit), credit.forests
    shift = state.forest_number() if one else 0
    names = [
        words.fork_name(number + shift, str(batch[number].node_id[row]))
        for number, row in zip(forks.forest.tolist(), (forks.node - batch.offset[forks.forest]).tolist(), strict=True)
    ]
    return Found(credit, forks, names, route(credit, unit))


def samplers() -> list[Grain]:
    """The grain of every sampler of what is open now and was opened before in this session."""
    shares: dict[str, list[float]] = {}
    unit, over = unit_now(), get_method(state.get("method")).over
    for of in {one.key: one for one in (*state.recent().values(), state.opened())}.values():
        found = of.kept.get((NAME, "samplers", over, unit), partial(shares_of, of.forests, over, unit))
        for name, share in found.items():
            shares.setdefault(name, []).extend(share)
    return [grain(name, share) for name, share in shares.items()]


def shares_of(batch: Forests, over: Over, unit: LengthUnit) -> dict[str, list[float]]:
    """Sampler -> the shares that the forks of its trees decide, of one file; forks as a method sees them."""
    nodes = shape_of(batch.shape(states_of) if over == "states" else batch, len(batch.parent)).forks
    share, number = granularity(batch, unit).governs[nodes], batch.forest_of[nodes]
    found: dict[str, list[float]] = {}
    for one, own in zip(number.tolist(), share.tolist(), strict=True):
        name = str(batch[one].sampler.get("name") or "unknown sampler").replace("_", " ")
        found.setdefault(cut(name, 24), []).append(own)
    return found


def said(found: Found) -> dict[str, Any]:
    """The chosen fork, which is the selected step where that is one, the brushed shares and the spacing."""
    low, high = brushed()
    if state.field(EVERY) not in spacings(found):
        state.put({EVERY: USUAL})
    return {
        "fork": next((fork for fork in asked() if fork in found.names), None) or strongest(found),
        "from": low,
        "to": high,
        "every": state.field(EVERY),
    }


def asked() -> tuple[str, str]:
    """Names of the forks that somebody may have chosen, the selected step first."""
    return words.fork_name(state.forest_number(), state.get("node")), str(state.field("granularity:fork"))


def spacings(found: Found) -> list[int]:
    """The spacings of labels that can be chosen."""
    return [one.every for one in found.way.spacings]


def strongest(found: Found) -> str:
    """The fork that makes the largest contrast, "" without any."""
    known = np.nan_to_num(found.forks.contrast, nan=-1.0)
    return found.names[int(np.argmax(known))] if len(known) else ""


def brushed() -> tuple[float, float]:
    """The brushed range of shares, 0 to 0 for none."""
    low, _, high = str(state.field("granularity:brush")).partition("~")
    try:
        found = float(low), float(high)
    except ValueError:
        return NOTHING
    return found if 0 <= found[0] < found[1] <= 1 else NOTHING


@st.fragment
def aside() -> None:
    """What the data say, the chosen fork, and what both routes cost."""
    state.keep()
    try:
        found = forks_in_scope()
    except TreecoreError:
        st.caption("What forks decide is shown here once a method runs.")
        return
    low, high = brushed()
    forks = found.forks.only((found.forks.share >= low) & (found.forks.share <= high)) if high > low else found.forks
    st.markdown("##### What the data say")
    with st.container(key="grain_said", gap="small"):
        if high > low:
            part = f"of {counted(len(forks), 'fork')} that decide {100 * low:.0f} to {percent(high)}; Escape shows all"
            st.caption(ours(part))
        for heading, sentence in sentences(forks):
            st.markdown(ours(f"**{heading}**  \n{sentence}"))
    fork = str(said(found)["fork"])
    with st.container(key="grain_fork"):
        if fork:
            chosen_fork(found, fork)
    st.markdown("##### Two routes to step credit")
    routes(
        words.routes(found.way, get_method(found.credit.method).title),
        said(found),
        heard=int(state.get_or(HEARD, 0)),
        key=CHANNEL,
        on_ask=take,
    )
    state.sync_address()


def chosen_fork(found: Found, fork: str) -> None:
    """The steps taken at the chosen fork, with their credit."""
    place = found.names.index(fork)
    node, number = int(found.forks.node[place]), int(found.forks.forest[place])
    batch, credit = found.credit.forests, found.credit
    forest, offset = batch[number], int(batch.offset[number])
    st.markdown(f"##### {'The fork you chose' if fork in asked() else 'The fork of the largest contrast'}")
    facts = (
        f"prompt {fork.partition(':')[0]}",
        f"decides {percent(float(found.forks.share[place]))} of the trajectory",
        f"contrast {plain(float(found.forks.contrast[place]))}",
    )
    st.caption(ours(" · ".join(facts)))
    rows = credit.shape.steps_from(node).tolist()
    with st.container(key="grain_siblings", gap="small"):
        for row in rows[:MAX_SIBLINGS]:
            own = row - offset
            label = split_step(forest.text[own], forest.node_extra.get(own, {})).label
            value = float(credit.credit[row])
            with st.container(
                border=True, horizontal=True, vertical_alignment="center", key=f"grain_{sign(value)}_{own}"
            ):
                with st.container(gap=None):
                    st.text(visible(cut(one_line(label) or f"step {forest.node_id[own]}", MAX_LABEL)))
                    st.caption(ours(outcomes(forest, own)))
                st.markdown(ours(f"**{credit.ends.words(value)}**"), width="content")
    if len(rows) > MAX_SIBLINGS:
        st.caption(ours(f"and {whole(len(rows) - MAX_SIBLINGS)} more"))
    view_button("Open the fork in Explore", open_in_explore, fork, key="grain_open")


def sign(value: float) -> str:
    """Of a credit, for its colour."""
    return "praise" if value > 0 else "blame" if value < 0 else "none"


def show_fork(fork: str) -> None:
    """Select a fork that is in scope, for all views, in its prompt."""
    prompt, _, node = fork.partition(":")
    state.turn_to(int(prompt) - 1)
    state.select(node)


def open_in_explore(fork: str) -> None:
    """Show a fork in Explore."""
    show_fork(fork)
    state.put({"view": "explore"})


def take() -> None:
    """Take over what was chosen in the picture."""
    sent = asked_in(state.get(CHANNEL))
    if sent is None:
        return
    every, fork = sent.said.get("every", ""), sent.said.get("fork", "")[:200]
    number = int(every) if every.isascii() and every.isdecimal() and len(every) < 6 else USUAL
    found, shown = forks_in_scope(), state.forest_number()
    if fork in found.names and fork != said(found)["fork"]:
        show_fork(fork)
    state.put(
        {
            HEARD: sent.number,
            "granularity:fork": fork,
            "granularity:brush": sent.said.get("brush", "")[:30],
            "granularity:every": number,
        }
    )
    if state.forest_number() != shown:
        redraw.now()  # the steps that are drawn on the left are those of its prompt
