"""The methods as a list one can read, and beside it the formula and parameters of the one in force. Names no method."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from app import redraw, state
from app.controls.fields import parameter
from app.method_list import MethodGroup, MethodRow, asked_in, method_list
from app.opening import scoring
from app.rollout import annotation
from app.verbatim import ours, verbatim
from treecore.errors import MethodError
from treecore.methods import get_method
from treecore.methods.reference import by_family
from treecore.methods.registry import TOKENS, Method, lacking
from treecore.registry.params import Value

OPEN, CHANNEL, HEARD = "methods_open", "method_list", "method_list_heard"
SAMPLE, VALUES, OUTCOMES = "rollout", annotation.KIND, "outcomes"
SUPPLIES = {
    SAMPLE: "Sample with the bundled model",
    VALUES: "Add Monte Carlo values",
    OUTCOMES: scoring.OFFER,
}
"""What gets that which methods lack, and the button for it: a rollout of the bundled model records token columns,
fresh continuations give values, and a verifier gives outcomes."""


def method_button(*, parameters: bool = True) -> None:
    """The method in force; a click opens the list, with parameters where these do not stand beside the trees."""
    method = get_method(state.get("method"))
    st.button(ours(method.title), icon=":material/function:", key="methods", on_click=turn, args=(True,))
    if state.get_or(OPEN, False):
        dialog(parameters)


def turn(is_open: bool) -> None:
    """Open or close the list."""
    state.put({OPEN: is_open})


def close() -> None:
    """Close the list."""
    turn(False)
    redraw.now()


@st.dialog("Methods", width="large", icon=":material/function:", on_dismiss=close)
def dialog(parameters: bool) -> None:
    """The list on the left, the method in force on the right; what is chosen is in force at once."""
    state.keep()
    groups = method_groups()
    left, right = st.columns([0.54, 0.46], gap="medium")
    with left:
        heard = int(state.get_or(HEARD, 0))
        method_list(
            groups, chosen=state.get("method"), heard=heard, key=CHANNEL, on_ask=redraw.after(lambda: take(groups))
        )
    with right, st.container(key="method_about"):
        about(get_method(state.get("method")), parameters=parameters)


def method_groups() -> list[MethodGroup]:
    """All methods under the headings of their families; those that cannot run here say why."""
    return [
        {"title": family.heading, "methods": [row_of(method) for method in methods]}
        for family, methods in by_family().items()
    ]


def row_of(method: Method) -> MethodRow:
    """A method as the list shows it."""
    settings, batch = allowed(method), state.opened().forests
    reasons = {need: reason for need in sorted(method.needs_with(settings)) if (reason := lacking(need, batch))}
    need, lacks = next(iter(reasons.items()), ("", ""))
    lacks = lacks.partition(";")[0]
    supply = SAMPLE if need.startswith(TOKENS) else VALUES if need == annotation.COLUMN else ""
    if supply == VALUES and (reason := annotation.lacking()):
        lacks, supply = f"{lacks}; none can be added: {reason}", ""
    if need == "reward" and scoring.is_offered():
        supply = OUTCOMES
    return {
        "name": method.name,
        "title": method.title,
        "question": method.summary.splitlines()[0],
        "lacks": lacks,
        "supply": supply,
        "button": SUPPLIES.get(supply, ""),
    }


def allowed(method: Method) -> dict[str, Value]:
    """Parameters of a method as they stand, those that are not allowed as by default."""
    found = dict(method.defaults)
    for param in method.params:
        with suppress(MethodError):
            found[param.name] = param.parse(state.settings(method.name)[param.name])
    return found


def take(groups: list[MethodGroup]) -> None:
    """Do what was asked for in the list."""
    asked = asked_in(state.get(CHANNEL), groups)
    if asked is None or asked.number <= int(state.get_or(HEARD, 0)):
        return
    state.put({HEARD: asked.number})
    if asked.kind == "choose":
        state.put({"method": asked.name})
    else:
        get(next(row for group in groups for row in group["methods"] if row["name"] == asked.name))


def get(row: MethodRow) -> None:
    """Get what a method lacks; values bring the method with them."""
    state.put({OPEN: False})
    if row["supply"] == SAMPLE:
        state.put({"view": SAMPLE})
    elif row["supply"] == OUTCOMES:
        scoring.ask(row["name"])
    else:
        annotation.ask(method=row["name"])
    st.rerun()  # the list is a fragment of its own, which only the whole page leaves out


def about(method: Method, *, parameters: bool) -> None:
    """What a method asks, its formula, its parameters, and where it comes from."""
    st.markdown(f"##### {ours(method.title)}")
    with st.container(key="method_words"):
        st.markdown(ours(method.summary))
    with st.container(key="method_formula"):
        for line in method.formula(allowed(method)).splitlines():
            st.markdown(ours(rf"$\displaystyle {line.strip()}$"))
    if parameters and method.params:
        with st.form(f"parameters_{method.name}", border=False):
            for param in method.params:
                parameter(param, method.name)
            with st.container(horizontal=True, gap="small"):
                st.form_submit_button("Apply", type="primary", on_click=redraw.now)
                st.form_submit_button("Defaults", on_click=redraw.after(reset), args=(method.name,))
        st.caption("What is typed holds once it is applied.")
    st.caption(verbatim(f"{method.citation}. {method.citation.note}".strip()))
    if method.departures:
        st.caption(f"Where we depart: {ours(method.departures)}")


def reset(method: str) -> None:
    """Set all parameters as by default."""
    state.put_settings(method, {})
