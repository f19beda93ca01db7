"""Mathematics between marks: what is found, what is refused, and that what stays are letters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browser import ROOT, click_node, serve
from streamlit.testing.v1 import AppTest

from app.formulas import MAX_DEPTH, MAX_FORMULA, MAX_FORMULAS, has_formula, passages
from app.verbatim import mathematics
from treecore.core.forest import Forest
from treecore.formats import write

MAIN = str(Path(__file__).parents[2] / "app" / "main.py")


def formulas(text: str) -> list[str]:
    found = passages(text)
    assert "".join(passage.text for passage in found) == text
    return [passage.formula for passage in found if passage.formula]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("so $x^2$ is", ["x^2"]),
        (r"\(a\) and \[b\] and $$c$$", ["a", "b", "c"]),
        (r"Answer: \boxed{\frac{1}{2}}.", [r"\boxed{\frac{1}{2}}"]),
        (r"\boxed {3}", [r"\boxed {3}"]),
        (r"\boxed{\$18}", [r"\boxed{\text{\textdollar}18}"]),
        ("$50%$", [r"50\%"]),
        ("$$\na +\n b\n$$", ["a + b"]),
        ("it costs $5 and $6", []),
        ("from $5-$6", []),
        (r"\$5 and \$6", []),
        ("`$x$` and ```\n$y$\n``` and ``` $z$", []),
        ("$a\nb$", []),
        (r"a \\[2pt] b \]", []),
        ("$ $ and $$ $$ and $", []),
        (r"\(a", []),
        (r"\boxed{a", []),
        (r"$a\\\$", []),
    ],
)
def test_what_is_mathematics(text: str, found: list[str]) -> None:
    assert formulas(text) == found


@pytest.mark.parametrize(
    "formula",
    [
        r"\href{https://evil.test}{x}",
        r"\url{https://evil.test}",
        r"\includegraphics{https://evil.test/x.png}",
        r"\htmlClass{stApp}{x}",
        r"\htmlStyle{position: fixed}{x}",
        r"\htmlData{a=b}{x}",
        r"\htmlId{root}{x}",
        r"\def\a{\a\a}\a",
        r"\gdef\a{b}",
        r"\newcommand{\a}{b}",
        r"\let\a\b",
        r"\expandafter\a\b",
        r"\@ifstar{a}{b}",
        r"\rule{900em}{900em}",
        r"\raisebox{50em}{x}",
        r"\hspace{-90em} x",
        r"\kern-90em x",
        r"\mathllap{x}",
        r"\color{white} x",
        r"\textcolor{red}{x}",
        r"\colorbox{white}{x}",
        "`x`",
        "x\x00y",
        "x" * (MAX_FORMULA + 1),
        "{" * (MAX_DEPTH + 1) + "}" * (MAX_DEPTH + 1),
    ],
)
def test_what_is_refused_stays_letters(formula: str) -> None:
    for text in (f"${formula}$", rf"\({formula}\)", rf"\[{formula}\]", f"$${formula}$$", rf"\boxed{{{formula}}}"):
        assert not has_formula(text)


def test_names_that_begin_like_refused_ones_are_drawn() -> None:
    assert formulas(r"$a \longrightarrow \colon \left( \defn \right)$") != []


def test_there_is_an_end_to_formulas() -> None:
    assert 0 < len(formulas("$x$ " * 5000)) <= MAX_FORMULAS
    assert len(formulas(r"\(" * 100_000)) == 0
    assert len(formulas(r"\boxed{" * 100_000)) == 0


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("so $x$.", "` so  `$x$` . `"),
        ("**a** [b](c)\n  d $x$", "` **a** [b](c) `  \n` \N{WORD JOINER}  d  `$x$"),
        ("$x$$y$", "$x$ $y$"),
        (r"a \[b\]", "` a  `\n\n$$\nb\n$$\n\n"),
        ("$x$ `` $y$", "$x$```  ``  ```$y$"),
    ],
)
def test_all_else_is_shown_letter_by_letter(text: str, markdown: str) -> None:
    assert mathematics(text) == markdown


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    texts = ["", r"so $x^2 = 4$, **not** $5", "no formula", r"x is \boxed{2}", "x is 3"]
    forest = Forest(parent=[-1, 0, 0, 1, 1], text=texts, reward=[float("nan")] * 2 + [0, 1, 0], prompt="Solve $x^2=4$")
    path = tmp_path / "mathematics.forest.json"
    write([forest], path)
    monkeypatch.setenv("TREECORE_FILE", str(path))

    def run(node: str) -> AppTest:
        test = AppTest.from_file(MAIN, default_timeout=60)
        test.run()
        test.session_state["node"] = node
        return test.run()

    return run


def drawn(test: AppTest) -> str:
    return "\n".join(one.value for one in test.markdown if "$" in one.value and "displaystyle" not in one.value)


def test_it_is_drawn_on_request_and_stays_so(opened: Any) -> None:
    test = opened("1")
    assert not test.exception
    assert "x^2" not in drawn(test)
    test.toggle(key="mathematics").set_value(True).run()
    assert "` so  `$x^2 = 4$` , **not** $5 `" in drawn(test)
    for node, has in (("2", False), ("3", True), ("0", True), ("1", True)):
        test.session_state["node"] = node
        test.run()
        assert not test.exception
        assert [one.value for one in test.toggle if one.key == "mathematics"] == [True] * has
        assert bool(drawn(test)) is has


def test_where_there_is_none_nothing_is_offered(opened: Any) -> None:
    assert [one for one in opened("2").toggle if one.key == "mathematics"] == []


HOSTILE = r"""so $x^2$ **bold** [link](https://evil.test/a) :material/home:
    :red[red] <img src=https://evil.test/b.png> `$code$`
$\href{https://evil.test/c}{y}$ \(\includegraphics{https://evil.test/d.png}\) $\def\a{\a\a}\a$ $:red[c] d$
\[ \begin{align*} a &= b \\[900em] c &= <b> \end{align*} \]
$\undefined{x}$ ![i](https://evil.test/e.png) \boxed{\text{![i](https://evil.test/f.png) **t**}}
"""


@pytest.fixture(scope="module")
def address(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("mathematics") / "hostile.forest.json"
    texts = ["", HOSTILE, r"x is \boxed{2}", "x is 3"]
    write([Forest(parent=[-1, 0, 1, 1], text=texts, reward=[float("nan")] * 2 + [1, 0], prompt="Solve $x^2=4$")], path)
    with serve(ROOT / "app" / "main.py", TREECORE_FILE=str(path)) as address:
        yield address


@pytest.mark.browser
def test_hostile_formulas_in_a_browser(open_page: Any, address: str) -> None:
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    click_node(page, "1")
    page.get_by_text("Render mathematics").click()
    words = page.locator(".st-key-mathematics_drawn")
    words.locator(".katex").first.wait_for()
    assert words.locator("a, img, strong, svg image, .stMarkdownColoredText, [data-testid=stIconMaterial]").count() == 0
    assert words.locator(".katex-display").count() == 1
    said = page.locator(".st-key-mathematics_part_0").inner_text().replace("\N{WORD JOINER}", "")
    for text in (
        " **bold** [link](https://evil.test/a) :material/home:",
        "\n    :red[red] <img src=https://evil.test/b.png> `$code$`",
        r"$\href{https://evil.test/c}{y}$ \(\includegraphics{https://evil.test/d.png}\) $\def\a{\a\a}\a$",
    ):
        assert text in said
    assert words.bounding_box()["height"] <= 26 * 16 + 1
    assert [url for url in asked if "evil.test" in url.split("?")[0]] == []
    page.locator(".st-key-side .card", has_text="boxed").click()
    words.locator(".katex .fbox").first.wait_for()
    assert page.locator(".st-key-side .eyebrow").count() == 1
    page.get_by_text("Render mathematics").click()
    words.wait_for(state="detached")
