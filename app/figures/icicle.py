"""Where the tokens went: the forest as an icicle, width by tokens beneath. Pruned before drawing."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from app.figures.style import Palette, frame, safe
from treecore.analysis.frames import label
from treecore.analysis.granularity import counts_tokens
from treecore.credit.registry import Credit
from treecore.forest import Forest
from treecore.forests import Forests
from treecore.numerals import short, signed, whole
from treecore.topology import FloatArray

MOST = 400


def icicle_figure(credit: Credit, *, palette: Palette, height: int = 250) -> go.Figure:
    """Icicle of one forest, coloured by credit; `id` of a sector is the node id, that of the whole no node's.

    Args:
        credit: of one forest. Only the 400 nodes with the most tokens beneath are drawn; what a node leaves out
            is in its hover text.
    """
    forest = credit.forests[0]
    own, unit = token_weight(forest), "tokens" if counted(forest) else "steps"
    beneath = forest.topology.subtree_sum(own)
    kept = largest(beneath, MOST)
    total = beneath[forest.topology.roots].sum()
    hidden = np.bincount(np.maximum(forest.parent[~kept], 0), minlength=len(forest)) if (~kept).any() else None
    rows, top = np.flatnonzero(kept), whole_id(forest)
    fill = np.where(np.isfinite(credit.credit), credit.credit, 0.0)
    figure = go.Figure(
        go.Icicle(
            ids=[top, *(str(forest.node_id[row]) for row in rows)],
            parents=["", *(parent_id(forest, int(row), top) for row in rows)],
            labels=[sizes(forest, total), *(name(forest, int(row)) for row in rows)],
            values=[total, *beneath[rows]],
            branchvalues="total",
            sort=False,
            hovertext=["", *(hover(credit, int(row), f"{whole(int(own[row]))} {unit}", hidden) for row in rows)],
            hovertemplate="%{hovertext}<extra></extra>",
            marker={
                "colors": [palette.zero, *(palette.credit(value, credit.scale) for value in fill[rows].tolist())],
                "line": {"width": 1, "color": palette.background},
                "pattern": {
                    "shape": ["", *np.where(np.isfinite(credit.credit[rows]), "", "/")],
                    "fgcolor": palette.muted,
                    "bgcolor": palette.background,
                    "size": 5,
                    "solidity": 0.2,
                },
            },
            tiling={"orientation": "h", "pad": 1},
            pathbar={"visible": True, "thickness": 18},
            textfont={"size": 11},
        )
    )
    figure.update_layout(**frame(palette, height=height))
    return figure


def sizes(forest: Forest, total: float) -> str:
    """`124 tokens`, `124 tokens written, 30 observed`, or steps where tokens are not counted."""
    if not counted(forest):
        return f"{whole(int(total))} steps"
    observed = int(np.maximum(forest.n_obs_tokens, 0).sum())
    return (
        f"{whole(int(total) - observed)} tokens written, {whole(observed)} observed"
        if observed
        else f"{whole(int(total))} tokens"
    )


def token_weight(forest: Forest) -> FloatArray:
    """Tokens of each step, observation included; 1 a step where counts are not recorded. `[N]`"""
    if not counted(forest):
        return (~forest.is_prompt).astype(np.float64)
    return (np.maximum(forest.n_model_tokens, 0) + np.maximum(forest.n_obs_tokens, 0)).astype(np.float64)


def counted(forest: Forest) -> bool:
    """Whether every step has its tokens counted."""
    return counts_tokens(Forests(forest))


def largest(beneath: FloatArray, most: int) -> np.ndarray:
    """Mask of the `most` nodes with the largest subtrees; closed upwards, since no child outweighs its parent."""
    order = np.lexsort((np.arange(len(beneath)), -beneath))
    kept = np.zeros(len(beneath), dtype=bool)
    kept[order[:most]] = True
    return kept


def whole_id(forest: Forest) -> str:
    """Id of the sector of the whole forest: one that no node has."""
    taken = set(map(str, forest.node_id))
    return next(name for name in ("forest" + "*" * n for n in range(len(taken) + 1)) if name not in taken)


def parent_id(forest: Forest, row: int, top: str) -> str:
    """Id of the sector that holds a node."""
    above = int(forest.parent[row])
    return top if above < 0 else str(forest.node_id[above])


def name(forest: Forest, row: int) -> str:
    """Label of a sector."""
    return f"tree {int(forest.tree[row]) + 1}" if forest.parent[row] < 0 else safe(label(forest, row), 40)


def hover(credit: Credit, row: int, size: str, hidden: np.ndarray | None) -> str:
    """Hover text of a sector."""
    forest = credit.forests[0]
    lines = [name(forest, row), f"{size} of its own", f"credit {signed(float(credit.credit[row]))}"]
    if "value" in credit.nodes:
        lines.append(f"value {short(float(credit.nodes['value'][row]))}")
    if hidden is not None and hidden[row]:
        lines.append(f"{hidden[row]} smaller branches not drawn")
    return "<br>".join(lines)
