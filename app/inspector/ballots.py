"""Beside a method of confidence: which answer the trajectories agree on by it, and what early stopping would save."""

from __future__ import annotations

import streamlit as st

from app.verbatim import ours, verbatim
from treecore.analysis.votes import votes_of
from treecore.errors import TreecoreError
from treecore.methods.registry import Credit
from treecore.methods.voting import WEIGHTS

FAMILY = "confidence"
MAX_ANSWER = 40


def votes(credit: Credit) -> None:
    """The votes of the forest's trajectories, in a fold."""
    with st.expander("Votes of the trajectories", icon=":material/how_to_vote:"):
        try:
            found = votes_of(credit.forests[0], window=int(credit.params["window"]))
        except TreecoreError as error:
            st.info(verbatim(f"{error}."), icon=":material/info:")
            return
        for ballot in found.ballots:
            answer = ballot.vote.winner or "no answer"
            mark = "" if ballot.right is None else ", right" if ballot.right else ", wrong"
            tied = ", tied" if ballot.vote.tied else ""
            st.markdown(
                f"{ours(WEIGHTS[ballot.weight])}: **{verbatim(answer, MAX_ANSWER)}** "
                f"{ballot.vote.share:.0%}{ours(mark)}{ours(tied)}"
            )
        st.caption(verbatim(found.in_words))
