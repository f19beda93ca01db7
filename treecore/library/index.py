"""The index of a library: a DuckDB file, opened for as long as one question or one write takes.

DuckDB lets one process write or several read a file; nobody here keeps it open, so that a run can be followed by one
program and looked at by another.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from treecore.errors import FormatError
from treecore.library.facts import COLUMNS

if TYPE_CHECKING:
    import duckdb

VERSION = 4
"""Of the tables; an index of another version is made anew."""
CLOSED = {"enable_external_access": "false", "lock_configuration": "true"}
"""Settings of a connection that can only read; given when it is made, because connections of a process share them."""
COLUMNS_SHOWN = "see the columns: treecore query FOLDER 'describe forests'"
BUSY = ("lock", "different configuration")
"""Words by which DuckDB says that another program writes, or another thread of this one."""
LOCK_TIMEOUT, PAUSE = 10.0, 0.05
"""Seconds for which an index that another program writes is waited for, and between two tries."""


def index_path(folder: str | os.PathLike[str]) -> Path:
    """Where the index of a folder lies: in `TREECORE_CACHE`, else in the user's cache."""
    base = os.environ.get("TREECORE_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "treecore"
    )
    name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:24]
    return Path(base) / "libraries" / f"{name}-{VERSION}.duckdb"


@dataclass(frozen=True)
class Known:
    """A file as it was when it was read.

    Attributes:
        size: bytes; changed: nanoseconds of its last change.
        format: that it is in, "" if in none; error: why it could not be read, "" if it could.
    """

    size: int
    changed: int
    format: str = ""
    error: str = ""


class Answer(NamedTuple):
    """Names of the columns of an answer, and its rows."""

    names: list[str]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class Index:
    """The index at a path; it need not exist yet."""

    path: Path

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that may write, in one transaction; tables are made where there are none.

        Raises:
            FormatError: the place cannot be written, or another program keeps it.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            todo = "set TREECORE_CACHE to a folder that can be written"
            raise FormatError(f"the index cannot be made ({error.strerror})", where=str(self.path), todo=todo) from None
        with self._open(read_only=False) as connection:
            connection.execute("BEGIN")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS files "
                "(file VARCHAR, size BIGINT, changed BIGINT, format VARCHAR, error VARCHAR)"
            )
            columns = ", ".join(f'"{column.name}" {column.type}' for column in COLUMNS)
            connection.execute(f"CREATE TABLE IF NOT EXISTS forests ({columns})")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that can only read, and only this file: no other file, no network, no extension.

        Raises:
            FormatError: there is no index, or another program keeps it.
        """
        if not self.path.exists():
            raise FormatError(
                "this folder has no index yet", where=str(self.path), todo="make it with treecore library"
            )
        with self._open(read_only=True) as connection:
            yield connection

    @contextmanager
    def _open(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        import duckdb

        until = time.monotonic() + LOCK_TIMEOUT
        while True:
            try:
                connection = duckdb.connect(
                    str(self.path), read_only=read_only, config=dict(CLOSED) if read_only else {}
                )
                break
            except (duckdb.IOException, duckdb.ConnectionException) as error:
                if not any(word in str(error).lower() for word in BUSY):
                    raise FormatError("the index is damaged", where=str(self.path), todo="delete it") from None
                if time.monotonic() > until:
                    found = "another program keeps the index open"
                    raise FormatError(found, where=str(self.path), todo="end it, or wait") from None
                time.sleep(PAUSE)
        try:
            yield connection
        finally:
            connection.close()

    def files(self) -> dict[str, Known]:
        """The files that were read, by name; empty where there is no index yet."""
        if not self.path.exists():
            return {}
        with self.reading() as connection:
            rows = connection.execute("SELECT file, size, changed, format, error FROM files").fetchall()
        return {name: Known(*rest) for name, *rest in rows}

    def put(self, read: Mapping[str, Known], rows: Sequence[Mapping[str, Any]], *, gone: Sequence[str] = ()) -> None:
        """Keep what was found in some files, in place of what was known of them.

        Args:
            read: file -> how it was; rows: a row for each of their forests; gone: files that are no more.
        """
        import pyarrow as pa

        names = [*read, *gone]
        with self.writing() as connection:
            for table in ("files", "forests"):
                connection.execute(f"DELETE FROM {table} WHERE file IN (SELECT unnest(?))", [names])
            if read:
                listed = [(name, *astuple(known)) for name, known in read.items()]
                connection.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?)", listed)
            if rows:
                found = pa.table({column.name: [row.get(column.name) for row in rows] for column in COLUMNS})
                connection.register("found", found)
                casts = ", ".join(f'CAST("{column.name}" AS {column.type})' for column in COLUMNS)
                connection.execute(f"INSERT INTO forests SELECT {casts} FROM found")

    def query(self, sql: str, values: Sequence[Any] = (), *, most: int = 10_000) -> Answer:
        """What an SQL question gives.

        Args:
            sql: one `select`; values: of its `?`.
            most: rows that are fetched.

        Raises:
            FormatError: there is no index, nothing is asked, or DuckDB refuses the question, in its own words.
        """
        import duckdb

        with self.reading() as connection:
            try:
                answer = connection.execute(sql, list(values))
                if answer is None:
                    raise FormatError("it asks nothing", where="the query", todo=COLUMNS_SHOWN)
                names = [entry[0] for entry in answer.description or []]
                return Answer(names, answer.fetchmany(most))
            except duckdb.Error as error:
                raise FormatError(str(error).split("\n")[0], where="the query", todo=COLUMNS_SHOWN) from None
