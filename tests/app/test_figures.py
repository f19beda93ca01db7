from __future__ import annotations

import numpy as np
import pytest

from app.figures.forks import MAX_POINTS, forks_figure
from app.figures.icicle import MAX_BOXES, MAX_DEPTH, icicle_figure
from app.figures.style import DARK, LIGHT
from treecore.analysis.granularity import fork_contrasts
from treecore.bundled import samples
from treecore.core.forest import Forest
from treecore.formats import read
from treecore.methods import compute
from treecore.views.figure import figure
from treecore.views.palette import Palette, contrast, mix
from treecore.views.plotly_text import plotly_text
from treecore.views.scene import make_scene


@pytest.fixture
def forest() -> Forest:
    return read(samples()["by_hand"].path)[0]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_a_point_for_every_fork(forest: Forest, palette: Palette) -> None:
    drawn = forks_figure(compute(forest, "tree_grpo").of(0), palette=palette)
    points = drawn.data[0]
    assert set(points.customdata) == {"r1", "a3", "r2"}
    shares = dict(zip(points.customdata, points.x, strict=True))
    assert shares["r1"] == shares["r2"] == 1
    assert shares["a3"] == pytest.approx(6 / 42)
    gaps = dict(zip(points.customdata, points.y, strict=True))
    assert gaps["a3"] > gaps["r1"] > gaps["r2"] == 0
    colours = dict(zip(points.customdata, points.marker.color, strict=True))
    assert colours["r1"] == palette.strong
    assert colours["a3"] == mix(palette.pale, palette.strong, 6 / 42)
    assert points.marker.opacity == 1


def test_icicle_widths_are_tokens(forest: Forest) -> None:
    credit = compute(forest, "tree_grpo").of(0)
    sectors = icicle_figure(credit, palette=LIGHT).data[0]
    widths = dict(zip(sectors.ids, sectors.values, strict=True))
    assert widths["a3"] == 15 + 6 + 6
    assert widths["forest"] == widths["r1"] + widths["r2"]
    assert dict(zip(sectors.ids, sectors.parents, strict=True))["a4"] == "a3"


@pytest.mark.parametrize("name", ["forest", "forest*", "", "x" * 5000, "__proto__", "<b>"])
def test_any_id_has_its_own_sector(name: str) -> None:
    """Plotly draws nothing where two sectors have one id or one is its own parent."""
    others = ["forest", "forest*"] if name not in ("forest", "forest*") else [name + "*", "forest**"]
    forest = Forest(parent=[-1, 0, 0], node_id=["r", name, others[0]], reward=[np.nan, 1, 0])
    sectors = icicle_figure(compute(forest, "grpo").of(0), palette=LIGHT).data[0]
    assert len(set(sectors.ids)) == 4
    assert sectors.parents[0] == ""
    assert list(sectors.parents[1:]) == [sectors.ids[0], "r", "r"]
    assert set(sectors.ids[1:]) == {"r", name, others[0]}


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_sectors_have_colours_of_their_own(forest: Forest, palette: object) -> None:
    """Beside a pattern Plotly draws numbers on a scale as black."""
    credit = compute(forest, "tree_grpo").of(0)
    sectors = icicle_figure(credit, palette=palette).data[0]  # type: ignore[arg-type]
    colours = dict(zip(sectors.ids, sectors.marker.colors, strict=True))
    for row, name in enumerate(map(str, forest.node_id)):
        if not forest.is_prompt[row]:
            assert colours[name] == palette.credit(float(credit.credit[row]), credit.scale)  # type: ignore[attr-defined]
    even = Forest(parent=[-1, 0, 0], reward=[np.nan, 1, 1])
    assert len(set(icicle_figure(compute(even, "grpo").of(0), palette=LIGHT).data[0].marker.colors[2:])) == 1


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize("method", ["tree_grpo", "deepconf"])
def test_sectors_look_as_their_nodes_and_their_names_can_be_read(method: str, palette: Palette) -> None:
    """Colours as the canvas mixes them, whole and not faint, and a contrast of 4.5 or more."""
    credit = compute(read(samples()["surprisal"].path)[0], method).of(0)
    forest, sectors = credit.forests[0], icicle_figure(credit, palette=palette).data[0]
    assert sectors.leaf.opacity == 1
    assert sectors.textfont.size >= 12
    ends, at = credit.ends, {str(name): row for row, name in enumerate(forest.node_id)}
    patterns = sectors.marker.pattern.shape
    for name, colour, ink, pattern in zip(
        sectors.ids, sectors.marker.colors, sectors.textfont.color, patterns, strict=True
    ):
        assert contrast(ink, palette.background if pattern else colour) >= 4.5
        if name in at and not forest.is_prompt[at[name]]:
            assert pattern or colour == palette.on_scale(float(credit.credit[at[name]]), ends)


def test_a_level_has_a_scale_from_its_lowest_to_its_highest_value() -> None:
    credit = compute(read(samples()["surprisal"].path)[0], "deepconf").of(0)
    known = credit.credit[np.isfinite(credit.credit)]
    assert credit.ends == (known.min(), known.max(), False)
    assert LIGHT.on_scale(known.min(), credit.ends) == LIGHT.low
    assert LIGHT.on_scale(known.max(), credit.ends) == LIGHT.high
    fill = make_scene(credit.forests[0], credit)["fill"]
    assert (fill["kind"], fill["spans"], fill["low"], fill["high"]) == ("sequential", True, known.min(), known.max())
    from_mean = compute(credit.forests[0], "deepconf", baseline="prompt")
    assert from_mean.ends == (-from_mean.scale, from_mean.scale, True)


@pytest.fixture
def large() -> Forest:
    rng = np.random.default_rng(0)
    parent = np.array([-1] + [int(rng.integers(0, i)) for i in range(1, 3000)])
    leaf = np.bincount(parent[1:], minlength=3000) == 0
    return Forest(parent=parent, reward=np.where(leaf, rng.integers(0, 2, 3000), np.nan))


def test_forks_at_one_place_are_one_point_that_says_so(large: Forest) -> None:
    """A browser goes through all of them in every frame, and slower where each lets others shine through."""
    credit = compute(large, "sibling").of(0)
    found = fork_contrasts(credit)
    points = forks_figure(credit, palette=LIGHT).data[0]
    assert 20 < len(points.x) <= MAX_POINTS < np.isfinite(found.contrast).sum()
    more = [int(text.rpartition("and ")[2].split()[0]) for text in points.text if "at this place" in text]
    assert len(points.x) + sum(more) == np.isfinite(found.contrast).sum()
    assert points.marker.opacity == 1
    first = large.row(points.customdata[0])
    assert found.n_leaves[found.node == first] == found.n_leaves.max()


def test_a_large_forest_is_pruned_before_drawing(large: Forest) -> None:
    sectors = icicle_figure(compute(large, "sibling").of(0), palette=LIGHT).data[0]
    assert len(sectors.ids) == MAX_BOXES + 1
    assert set(sectors.parents) - {""} <= set(sectors.ids)
    assert any("not drawn" in text for text in sectors.hovertext)


def test_text_cannot_become_markup(forest: Forest) -> None:
    assert plotly_text("<b>x</b> & y") == "&lt;b&gt;x&lt;/b&gt; &amp; y"
    wild = Forest(parent=[-1, 0, 0], reward=[np.nan, 1, 0], text=["", "<img src=x>", "b"])
    drawn = figure(wild, compute(wild, "grpo"))
    assert not any("<img" in text for text in drawn.data[1].text)


def test_notebook_figure_has_every_node(forest: Forest) -> None:
    credit = compute(forest, "tree_grpo")
    drawn = figure(forest, credit)
    assert list(drawn.data[1].customdata) == [str(name) for name in forest.node_id]
    assert drawn.data[1].marker.cmax == credit.scale
    assert len(figure(forest).data) == 2


def test_notebook_figure_has_no_number_where_none_is_assigned() -> None:
    forest = read(samples()["surprisal"].path)[0]
    drawn = figure(forest, compute(forest, "deepconf")).data[1]
    credit = compute(forest, "deepconf").credit
    unknown = np.isnan(credit)
    assert unknown.any()
    assert [symbol.endswith("-open") for symbol in drawn.marker.symbol] == unknown.tolist()
    assert [text.endswith("credit –") for text in drawn.hovertext] == unknown.tolist()
    assert not any("+" in text.rsplit("<br>", 1)[1] for text in drawn.hovertext)
    assert not any("credit" in text for text in figure(forest).data[1].hovertext)


def test_steps_in_a_row_share_a_sector_in_a_deep_forest() -> None:
    """300 sectors in a row would be narrower than their borders: nothing would be seen."""
    n = 301
    forest = Forest(
        parent=[*range(-1, n - 1), n - 1, n - 1], text=["", *map(str, range(1, n + 2))], reward=[*[np.nan] * n, 1, 0]
    )
    credit = compute(forest, "grpo").of(0)
    shown = icicle_figure(credit, palette=LIGHT).data[0]
    assert list(zip(shown.ids, shown.parents, shown.values, strict=True))[1:] == [
        ("0", "forest", 302),
        ("1", "0", 302),
        (str(n), "1", 1),
        (str(n + 1), "1", 1),
    ]
    assert shown.labels[2] == "1 and 299 more"
    assert "300 steps of its own" in shown.hovertext[2]
    assert "the mean of its steps" in shown.hovertext[2]


def test_of_a_deep_comb_the_first_levels_are_drawn() -> None:
    teeth = 60
    parent = [-1, *(one for k in range(teeth) for one in (max(2 * k - 1, 0), max(2 * k - 1, 0)))]
    reward = np.where(np.bincount(parent[1:], minlength=len(parent)) == 0, 1.0, np.nan)
    shown = icicle_figure(compute(Forest(parent=parent, reward=reward), "grpo").of(0), palette=LIGHT).data[0]
    assert shown.maxdepth == MAX_DEPTH
    assert len(shown.ids) == len(parent) + 1
