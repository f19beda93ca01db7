"""The document of the data model names every declared column and field, and the file is the generated one."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from click.testing import CliRunner

from treecore.cli import main
from treecore.core.columns import NODE_COLUMNS, TOKEN_COLUMNS
from treecore.core.forest import Forest, TokenTable
from treecore.formats.data_model import markdown, row

FILE = Path(__file__).parents[2] / "docs" / "data-model.md"


def test_the_file_is_what_the_declarations_give() -> None:
    assert FILE.read_text() == markdown(), "stale: run `treecore schema --markdown > docs/data-model.md`"


def test_the_command_prints_it() -> None:
    assert CliRunner().invoke(main, ["schema", "--markdown"]).stdout == markdown()


def test_every_column_has_its_row() -> None:
    text = markdown()
    for column in (*NODE_COLUMNS, *TOKEN_COLUMNS):
        assert row(column) in text
        assert column.meaning in text


def test_every_field_of_forest_and_token_table_is_named() -> None:
    text = markdown()
    for kind in (Forest, TokenTable):
        for field in fields(kind):
            assert f"`{field.name}" in text, f"{kind.__name__}.{field.name}"
