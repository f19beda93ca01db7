"""The words of steps on the canvas: siblings are told apart in any room, and most steps carry words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from browser import ROOT, Open, serve, wait_for_canvas
from forests import random_forest

from app.canvas import FOLDER, Axis, component_script, make_scene
from treecore import read
from treecore.bundled import samples
from treecore.core.forest import Forest
from treecore.methods import compute

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_charts")]
LARGE, SMALL = {"width": 1400, "height": 900}, {"width": 1024, "height": 768}
HELD = """[...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
    .map((host) => host.shadowRoot?.querySelector('.tc-canvas')?.treecore).find(Boolean)"""
WRITTEN = f"""() => {{
    const held = {HELD}, {{ scene }} = held, row = new Map(scene.id.map((id, i) => [id, i]));
    return held.written.map(([id, said]) => {{
        const i = row.get(id);
        return {{ label: scene.label[i], above: scene.parent[i], said }};
    }});
}}"""
SAME = re.compile(r"\b\d+ of \d+$")
RECORD = """() => {
    const kind = CanvasRenderingContext2D.prototype, { clearRect, fillText } = kind;
    window.drawn = [];
    kind.clearRect = function (...box) {
        if (this.canvas.matches('.tc-canvas')) window.drawn = [];
        clearRect.apply(this, box);
    };
    kind.fillText = function (text, ...at) { window.drawn.push(text); fillText.call(this, text, ...at); };
}"""
CROSSED = """(app) => {
    const { parent, label } = app.scene;
    const seen = ({ x0, x1, y0, y1 }) => y1 > HEAD && y0 < app.height && x0 < app.width - app.side;
    const found = [];
    for (const i of app.order.filter((i) => app.shown[i] && parent[i] >= 0)) {
        const boxes = app.boxes.filter((box) => seen(box) && box.family !== parent[i]);
        const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
        const [[x0, y0], [x1, y1]] = [parent[i], i].map((node) => [screenX(app, node), screenY(app, node)]);
        const bend = bendOf(x1 - x0), steer = `${x0 + bend * 0.6} ${y0} ${x0 + bend * 0.4} ${y1}`;
        path.setAttribute('d', `M${x0} ${y0}C${steer} ${x0 + bend} ${y1}H${x1}`);
        for (let at = 0; at <= path.getTotalLength(); at += 2) {
            const { x, y } = path.getPointAtLength(at);
            if (boxes.some((box) => x > box.x0 + 3 && x < box.x1 - 3 && y > box.y0 + 1 && y < box.y1 - 1)) {
                found.push(label[i]);
                break;
            }
        }
    }
    return found;
}"""
"""Labels of the steps whose edge goes through words in sight that are none of its own or of a sibling's."""
DRAW = f"""(async ([forest, look, style, width, height]) => {{
    const host = document.createElement('div'), texts = {{ forest, look, style }}, key = '';
    host.style.width = `${{width}}px`;
    document.body.replaceChildren(host);
    const head = {{ style: 'style', forest: 'forest', look: 'look', key, height, linked: false, listable: false }};
    treeCanvas({{ head, text: (name) => texts[name], host: host.attachShadow({{ mode: 'open' }}) }});
    for (let frame = 0; frame < 3; frame++) await new Promise((go) => requestAnimationFrame(go));
    const app = APPS.get(host.shadowRoot), {{ scene, written }} = host.shadowRoot.querySelector('.tc-canvas').treecore;
    const row = new Map(scene.id.map((id, i) => [id, i]));
    const step = (i, said) => ({{ label: scene.label[i], above: scene.parent[i], said }});
    const steps = written.map(([id, said]) => step(row.get(id), said)).filter(({{ label }}) => label);
    return {{ steps, crossed: ({CROSSED})(app) }};
}})(value)"""
"""Draws a scene in a page of its own; the same of its steps in sight, and edges that go through words."""
TOKENS = f"() => {{ const held = {HELD}; return held?.ready && held.scene.axis.kind === 'tokens'; }}"


def written(page: Any, size: dict[str, int]) -> list[dict[str, Any]]:
    """Label, parent and written words of the steps in sight."""
    page.set_viewport_size(size)
    page.wait_for_function(f"(width) => innerWidth === width && ({HELD})?.ready", arg=size["width"])
    page.evaluate("() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    wait_for_canvas(page)
    found: list[dict[str, Any]] = [step for step in page.evaluate(WRITTEN) if step["label"]]
    assert found
    return found


def test_answers_that_are_not_merged_are_read_on_their_lines(open_page: Open, tmp_path: Path) -> None:
    answers = [f"let me see : it is {n}" for n in range(4)]
    rows = [{"prompt": "q", "completion": answer, "reward": n % 2} for n, answer in enumerate(answers)]
    (tmp_path / "flat.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with serve(ROOT / "app" / "main.py", TREECORE_FILE=str(tmp_path / "flat.jsonl")) as address:
        page = open_page(f"{address}/?merge=off")
        wait_for_canvas(page)
        found = written(page, LARGE)
    assert [step["label"] for step in found] == answers
    assert all(str(n) in step["said"] for n, step in enumerate(found))


def alike(steps: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Different siblings that are called the same, or of which neither has words."""
    return [
        (one["said"], one["label"], other["label"])
        for k, one in enumerate(steps)
        for other in steps[:k]
        if (one["above"], one["said"]) == (other["above"], other["said"]) and one["label"] != other["label"]
    ]


def missing(steps: list[dict[str, Any]]) -> list[str]:
    """What siblings are said to be the same as, where none of them has its words."""
    told = {(step["above"], step["label"]) for step in steps if step["said"] and not SAME.search(step["said"])}
    repeats = [step for step in steps if SAME.search(step["said"])]
    return [step["label"] for step in repeats if (step["above"], step["label"]) not in told]


@pytest.mark.parametrize("name", ["by_hand", "early_fork", "late_fork", "fixed_width", "surprisal", "mcts", "large"])
def test_most_steps_carry_words_and_siblings_differ(open_page: Open, address: str, name: str) -> None:
    page = open_page(f"{address}/?sample={name}", **LARGE)
    wait_for_canvas(page)
    for axis in ("steps", "tokens"):
        if axis == "tokens":
            page.get_by_role("radiogroup", name="Axis").get_by_text("tokens", exact=True).click()
            page.wait_for_function(TOKENS)
        for size in (SMALL, LARGE):
            steps = written(page, size)
            assert (alike(steps), missing(steps)) == ([], []), (axis, size)
        assert sum(bool(step["said"]) for step in steps) >= 0.9 * len(steps), axis


@pytest.mark.parametrize(("name", "least"), [("by_hand", 1.0), ("early_fork", 0.7)])
def test_words_stand_whole_where_there_is_room(open_page: Open, address: str, name: str, least: float) -> None:
    page = open_page(f"{address}/?sample={name}", **LARGE)
    wait_for_canvas(page)
    for axis in ("steps", "tokens"):
        if axis == "tokens":
            page.get_by_role("radiogroup", name="Axis").get_by_text("tokens", exact=True).click()
            page.wait_for_function(TOKENS)
        steps = [step for step in written(page, LARGE) if not SAME.search(step["said"])]
        whole = sum(step["said"] == step["label"] for step in steps)
        assert whole >= least * len(steps), axis


@pytest.mark.parametrize("name", ["early_fork", "fixed_width", "mcts"])
def test_what_was_answered_is_not_cut_to_two_letters(open_page: Open, address: str, name: str) -> None:
    page = open_page(f"{address}/?sample={name}", **SMALL)
    wait_for_canvas(page)
    page.evaluate(RECORD)
    wait_for_canvas(page).press("ArrowRight")
    page.wait_for_function("() => window.drawn.length > 0")
    seen = [text[2:] for text in page.evaluate("window.drawn") if text.startswith("→ ")]
    assert seen
    assert [text for text in seen if text.endswith("…") and len(text) < 5] == []


@pytest.fixture(scope="module")
def say(browser: Any) -> Iterator[Callable[[str, Any], Any]]:
    """`say(expression, value)` evaluates with the functions of the canvas in reach."""
    page = browser.new_page()
    script = component_script().replace("export default function", "function").replace("export function", "function")

    def run(expression: str, value: Any) -> Any:
        return page.evaluate(f"(value) => {{ {script}; return {expression}; }}", value)

    yield run
    page.close()


def any_forest(seed: int) -> Forest:
    """Up to 60 steps, from bushes to trees 30 steps deep, and from one token a step to twelve."""
    rng = np.random.default_rng(seed)
    n, n_trees = int(rng.integers(10, 60)), int(rng.integers(1, 5))
    reach = int(rng.choice([3, 8, n]))
    return random_forest(rng, n, n_trees=n_trees, reach=reach, n_model_tokens=rng.integers(1, 13, size=n))


@pytest.mark.parametrize("axis", ["steps", "tokens"])
@pytest.mark.parametrize("seed", range(29))
def test_most_steps_of_any_forest_carry_words(say: Callable[[str, Any], Any], seed: int, axis: Axis) -> None:
    forest = any_forest(seed)
    scene = make_scene(forest, compute(forest, "tree_grpo"), axis=axis)
    parts = [scene.forest.body.decode(), scene.look.body.decode(), (FOLDER / "canvas.css").read_text()]
    drawn = [say(DRAW, [*parts, *room]) for room in ((940, 500), (1000, 680))]
    assert [one["crossed"] for one in drawn] == [[], []]
    small, large = (one["steps"] for one in drawn)
    assert [(alike(steps), missing(steps)) for steps in (small, large)] == [([], []), ([], [])]
    assert sum(bool(step["said"]) for step in large) >= 0.9 * len(large)


@pytest.mark.parametrize("name", samples())
def test_no_edge_of_a_sample_goes_through_words_of_others(say: Callable[[str, Any], Any], name: str) -> None:
    forest = read(samples()[name].path)[0]
    for axis in get_args(Axis):
        scene = make_scene(forest, compute(forest, "tree_grpo"), axis=axis)
        parts = [scene.forest.body.decode(), scene.look.body.decode(), (FOLDER / "canvas.css").read_text()]
        for room in ((640, 420), (940, 500), (1000, 680)):
            assert say(DRAW, [*parts, *room])["crossed"] == [], (axis, room)


TEXT = "(runs) => runs.map(([text]) => text).join('').trim()"


def ways(say: Callable[[str, Any], Any], labels: list[str]) -> list[list[str]]:
    """All that each label may be called, longest first."""
    called = f"(label) => waysToSay(told.get(label)).map({TEXT})"
    found = say(f"(() => {{ const told = tellApart(value); return value.map({called}); }})()", labels)
    return list(found)


def test_shared_words_give_way_and_differing_ones_stay(say: Callable[[str, Any], Any]) -> None:
    find, look = ways(say, ["find the boss of paul", "look up the boss of paul"])
    assert find[:2] == ["find the boss of paul", "find …"]
    assert look[:2] == ["look up the boss of paul", "look up …"]
    cairo, rome = ways(say, ["answer cairo", "answer rome"])
    assert (cairo[1], rome[1]) == ("… cairo", "… rome")


def test_a_step_without_siblings_keeps_its_end(say: Callable[[str, Any], Any]) -> None:
    [lone] = ways(say, ["i recall the boss of otto"])
    assert lone == [
        "i recall the boss of otto",
        "… recall the boss of otto",
        "… the boss of otto",
        "… boss of otto",
        "… of otto",
        "… otto",
        "otto",
    ]


@pytest.mark.parametrize(
    "labels",
    [
        ["a b c", "a b d", "a e c", "f"],
        ["so we add two", "so we add", "so we add two and three"],
        ["x 1 y", "x 2 y", "x 1 z", "x 2 z"],
        ["你好世界朋友", "你好世界敌人"],
    ],
)
def test_no_two_siblings_share_a_shortest_form(say: Callable[[str, Any], Any], labels: list[str]) -> None:
    shortest = [forms[1] if len(forms) > 1 else forms[0] for forms in ways(say, labels)]
    assert len(set(shortest)) == len(labels)


def test_a_repeated_label_says_what_is_the_same(say: Callable[[str, Any], Any]) -> None:
    told = say(
        f"""(() => {{
            const app = {{ scene: value, shape: {{ children: [[1, 2, 3, 4]] }} }};
            return [1, 2, 3, 4].map((i) => repeatOf(app, i)).map((one) => one && waysToRepeat(one).map({TEXT})[0]);
        }})()""",
        {
            "parent": [-1, 0, 0, 0, 0],
            "label": ["", "answer 7", "answer 7", "so", "answer 7"],
            "text": ["", "I see: 7", "I see: 7", "so", "Sure: 7"],
        },
    )
    assert told == [None, "same words, 2 of 3", None, "same answer, 3 of 3"]


def test_characters_stay_whole_and_directions_are_seen(say: Callable[[str, Any], Any]) -> None:
    family, accented = "\U0001f468\u200d\U0001f469\u200d\U0001f467", "e\u0301"
    assert say("characters(value)", f"a{family}{accented}") == ["a", family, accented]
    texts = ["شكرا", "(שלום)", "42 שלום", "thanks", "你好"]
    assert say("value.map(directionOf)", texts) == ["rtl", "rtl", "rtl", "ltr", "ltr"]


def test_words_that_all_of_many_siblings_share_do_not_differ(say: Callable[[str, Any], Any]) -> None:
    labels = [f"try {k} of many" for k in range(200)]
    differs = say("[...tellApart(value).values()].map((told) => told.differs)", labels)
    assert differs == [[False, True, False, False]] * 200
