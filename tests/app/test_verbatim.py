"""Text that others wrote reaches Streamlit's Markdown only as code spans."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from app.verbatim import verbatim

APP = Path(__file__).parents[2] / "app"
READS_MARKDOWN = {
    "markdown",
    "caption",
    "subheader",
    "header",
    "title",
    "button",
    "download_button",
    "link_button",
    "popover",
    "expander",
    "error",
    "info",
    "warning",
    "success",
    "toast",
    "badge",
    "progress",
    "toggle",
    "checkbox",
    "selectbox",
    "multiselect",
    "text_input",
    "text_area",
    "number_input",
    "slider",
    "select_slider",
    "pills",
    "segmented_control",
    "radio",
    "file_uploader",
    "metric",
    "spinner",
    "status",
    "tabs",
    "dialog",
    "form_submit_button",
    "page_link",
    "feedback",
    "table",
    "write",
    "latex",
    "exception",
    "help",
    "select",
}
"""Calls whose texts Streamlit reads as Markdown."""
OURS_TOO = {"title", "header", "select", "status"}
"""Names of functions of the app too: only those of `st` are looked at."""
NOT_THE_PAGE = ("np", "chrome", "controls", "sys.stdout.buffer")
TEXTS = ("label", "body", "text", "help", "message", "title")
CHOICES = {"pills", "segmented_control", "radio", "tabs", "multiselect"}
"""Widgets that read their options as Markdown."""
NUMERIC = ("d", "f", "%", "g", "e", ",")


def is_safe(found: ast.expr) -> bool:
    """Whether text is a constant, a number (`whole` writes one), or passed through a function of `app.verbatim`."""
    match found:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name.isupper()
        case ast.Call(func=function):
            if ast.unparse(function).endswith(".join"):
                return all(map(is_safe, found.args))
            return ast.unparse(function) in ("verbatim", "ours", "mathematics", "whole")
        case ast.GeneratorExp(elt=each) | ast.ListComp(elt=each):
            return is_safe(each)
        case ast.Dict(keys=keys, values=values):
            return all(key is not None and is_safe(key) for key in keys) and all(map(is_safe, values))
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, op=ast.Add(), right=other):
            return is_safe(one) and is_safe(other)
        case ast.BoolOp(values=values) | ast.JoinedStr(values=values):
            return all(map(is_safe, values))
        case ast.FormattedValue(value=value, format_spec=form):
            numeric = form is not None and ast.unparse(form)[2:-1].endswith(NUMERIC)
            return numeric or is_safe(value)
    return False


def are_safe(options: ast.expr, call: ast.Call) -> bool:
    """Whether the options of a widget are shown by `verbatim`, `ours` or a table of our own."""
    shown = next((word.value for word in call.keywords if word.arg == "format_func"), None)
    if shown is None:
        return isinstance(options, ast.List) and all(map(is_safe, options.elts))
    return ast.unparse(shown) in ("verbatim", "ours") or (isinstance(shown, ast.Lambda) and is_safe(shown.body))


def unsafe_texts(source: str) -> list[str]:
    """Texts in calls of Streamlit that could hold what others wrote."""
    wrong = []
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        name, owner = call.func.attr, ast.unparse(call.func.value)
        if name not in READS_MARKDOWN or (name in OURS_TOO and owner != "st") or owner in NOT_THE_PAGE:
            continue
        texts = [*call.args[:1], *(word.value for word in call.keywords if word.arg in TEXTS)]
        texts += call.args[1:2] if name == "progress" else []
        wrong += [
            f"{call.lineno}: {ast.unparse(text)}"
            for text in texts
            if name != "progress" or text != call.args[0]
            if not is_safe(text)
        ]
        if name in CHOICES and len(call.args) > 1 and not are_safe(call.args[1], call):
            wrong.append(f"{call.lineno}: options {ast.unparse(call.args[1])}")
    return wrong


@pytest.mark.parametrize("path", sorted(APP.rglob("*.py")), ids=lambda path: str(path.relative_to(APP)))
def test_no_text_of_others_is_read_as_markdown(path: Path) -> None:
    assert unsafe_texts(path.read_text()) == []


@pytest.mark.parametrize(
    "code",
    [
        "st.caption(forest.prompt)",
        "st.error(f'cannot read {name}')",
        "left.button('a' if one else label)",
        "st.pills('which', asked.choices)",
        "st.pills('which', asked.choices, format_func=lambda name: name)",
        "st.button('x', help=forest.id)",
        "st.table([{'answer': one.given} for one in marked])",
        "st.table([{**row, 'answer': ours(one)} for one in marked])",
        "bar.progress(0.5, job.title)",
        "st.markdown(' · '.join(parts))",
        "st.info(f'{name:>10}')",
        "st.caption(str(error))",
    ],
)
def test_the_rule_finds_text_of_others(code: str) -> None:
    assert len(unsafe_texts(code)) == 1


@pytest.mark.parametrize(
    "code",
    [
        "st.caption(f'prompt {number + 1:d} of {count:,}')",
        "st.error(f'cannot read {verbatim(name)}')",
        "st.pills('which', asked.choices, format_func=verbatim)",
        "st.markdown(' · '.join(verbatim(part) for part in parts))",
        "bar.progress(done / total, f'{verbatim(job)}')",
        "state.select(node)",
    ],
)
def test_the_rule_lets_safe_text_through(code: str) -> None:
    assert unsafe_texts(code) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "`plain`"),
        ("`", "`` ` ``"),
        ("a``b", "```a``b```"),
        ("[x](y)\n\n# z", "`[x](y) # z`"),
        (" \n", ""),
        ("", ""),
        (":material/home:", "`:material\N{WORD JOINER}/home:`"),
    ],
)
def test_text_becomes_a_code_span_that_cannot_be_closed(text: str, shown: str) -> None:
    assert verbatim(text) == shown
