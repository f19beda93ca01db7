"""What is drawn of forests whose first steps are roots: the same, with a node for the prompt before each of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from treecore.core.batch import Forests
from treecore.core.rooted import rooted, source_of, spread_values
from treecore.core.states import states_of
from treecore.core.topology import IntArray
from treecore.methods.registry import Credit, Ragged, spread_to_nodes


def prompted(forests: Forests, credit: Credit | None) -> tuple[Forests, Credit | None]:
    """Forests and their credit with an empty root above every first step; both themselves where it is so already."""
    drawn = rooted(forests)
    return drawn, credit if credit is None or drawn is forests else moved(credit, drawn)


def moved(credit: Credit, drawn: Forests) -> Credit:
    """Credit at the nodes of `rooted(credit.forests)`: of a prompt what the method says of it, else nothing."""
    if credit.states is not None:
        seen = drawn.shape(states_of)
        states = replace(credit.states, forests=seen)
        return states if seen is drawn else spread_to_nodes(states, drawn)
    source = source_of(credit.forests)
    return replace(
        credit,
        forests=drawn,
        nodes={name: spread_values(values, source) for name, values in credit.nodes.items()},
        leaves={name: spread_values(values, source) for name, values in credit.leaves.items()},
        tokens=spaced(credit.tokens, source),
    )


def spaced(tokens: Ragged | None, source: IntArray) -> Ragged | None:
    """Values on tokens, none on nodes that are new."""
    if tokens is None:
        return None
    counts = np.where(source >= 0, np.diff(tokens.start)[source], 0)
    return Ragged(np.concatenate([[0], np.cumsum(counts)]), tokens.value)
