"""An overview does not lie: leaves that share a line of pixels show their mean, not the last of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from browser import serve, wait_for_canvas

from treecore.views.palette import LIGHT, rgb

pytestmark = pytest.mark.browser
COLUMN = """(canvas) => {
    const held = canvas.treecore, { ids } = held, box = canvas.getBoundingClientRect();
    const [first, last] = [held.position(ids[1]), held.position(ids.at(-1))];
    const context = canvas.getContext('2d');
    const height = Math.floor(last.y - first.y) - 8;
    const { data } = context.getImageData(Math.round(first.x - box.left), Math.ceil(first.y - box.top) + 4, 1, height);
    return Array.from({ length: height }, (_, k) => [...data.slice(4 * k, 4 * k + 3)]);
}"""


def far(one: Sequence[float], other: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


@pytest.fixture(scope="module")
def address(browser: Any) -> Iterator[str]:
    with serve(Path(__file__).parent / "large_app.py") as address:
        yield address


def test_the_mean_of_what_shares_a_line_is_drawn(open_page: Callable[..., Any], address: str) -> None:
    page = open_page(address)
    canvas = wait_for_canvas(page)
    canvas.press("0")
    page.wait_for_function(
        """() => { const held = document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot
            .querySelector('.tc-canvas').treecore; return held.ready && held.view.ky < 0.5; }"""
    )
    column = canvas.evaluate(COLUMN)
    assert len(column) > 200
    for colour in (LIGHT.positive, LIGHT.negative):
        assert min(far(pixel, rgb(colour)) for pixel in column) > 60, "a line has the colour of one of its leaves"
    mean = [sum(part) / len(column) for part in zip(*column, strict=True)]
    assert far(mean, rgb(LIGHT.zero)) < 40
