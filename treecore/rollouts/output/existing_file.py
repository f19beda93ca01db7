"""The output file as it is before a run: keep what it holds, resume it, or refuse to overwrite it.

Which of them are the run's own is not known here; see `output.resume` for rollouts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from treecore.core.forest import Forest
from treecore.errors import FormatError, MethodError
from treecore.formats import read
from treecore.formats.native_write import encode
from treecore.rollouts.output.jsonl_file import JsonlFile, is_json, one_a_line

ENDING = ".jsonl"


@dataclass(frozen=True)
class ResumePlan:
    """What a run keeps of the file.

    Attributes:
        forests: of the run.
        lines: theirs; None where they are all that the file has, so that it can stay as it is.
        size: bytes of the whole lines of the file.
        dropped: ids of forests that are sampled again.
    """

    forests: Sequence[Forest] = ()
    lines: Sequence[bytes] | None = ()
    size: int = 0
    dropped: frozenset[str] = frozenset()

    def begin(self, file: JsonlFile, *, total: int) -> None:
        """Go on in the file. Errors as in `JsonlFile.keep`."""
        if self.lines is None:
            file.keep(self.size, total=total)
        else:
            file.replace(self.lines, total=total)


class FileContents:
    """The forests of a file.

    Args:
        file: open, and not changed yet.

    Raises:
        FormatError: it holds something else.
    """

    def __init__(self, file: JsonlFile) -> None:
        self.path, self.whole, self.torn = file.path, file.whole(), file.torn()
        self.unended = is_json(self.torn)
        self.data = self.whole + self.torn if self.unended else self.whole
        self.forests = forests_in(self.data, self.path)

    @property
    def empty(self) -> bool:
        """Nothing is there that could be lost."""
        return not self.whole.strip() and not self.torn

    def refuse_unless_empty(self, describe: Callable[[], tuple[str, str]]) -> None:
        """Do not write over anything.

        Args:
            describe: what the forests are, and what can be done.

        Raises:
            FormatError: something is there; says what it is.
        """
        if self.empty:
            return
        torn = ("the torn beginning of a forest is there", "continue with --resume, or replace it with --overwrite")
        found, todo = describe() if self.forests else torn
        raise FormatError(found, where=str(self.path), todo=todo)

    def kept(self, own: Callable[[], Sequence[int]], *, resume: bool, overwrite: bool) -> ResumePlan:
        """What the run keeps of the file.

        Args:
            own: places of the forests to keep; raises `MethodError` where another run wrote them.
            resume: keep them, drop the rest.
            overwrite: keep none; with `resume`, none of another run.

        Raises:
            MethodError: they are of another run.
        """
        if not resume:
            return ResumePlan(lines=None) if self.empty else ResumePlan()
        try:
            places = own()
        except MethodError:
            if overwrite:
                return ResumePlan()
            raise
        kept = [self.forests[place] for place in places]
        as_it_is = len(kept) == len(self.forests) and self.one_a_line and not self.unended
        return ResumePlan(
            forests=kept,
            lines=None if as_it_is else [self.lines[place] for place in places],
            size=len(self.whole),
            dropped=frozenset(forest.id for forest in self.forests) - {forest.id for forest in kept},
        )

    @cached_property
    def one_a_line(self) -> bool:
        """Whether every forest is a line of its own."""
        return one_a_line(self.data, len(self.forests))

    @cached_property
    def lines(self) -> list[bytes]:
        """A line without its end for each of the forests, as it stands in the file where each has one."""
        if not self.one_a_line:
            return [encode(forest) for forest in self.forests]
        return [line for line in self.data.split(b"\n") if line.strip()]


def check_name(path: Path, what: str = "a run") -> None:
    """The name is one of a file of lines.

    Raises:
        FormatError: it is not.
    """
    name = path.name.lower()
    if name.endswith(".gz"):
        raise FormatError(f"{what} cannot be written compressed", where=str(path), todo="name it .forest.jsonl")
    if not name.endswith(ENDING):
        raise FormatError(f"{what} is written line by line", where=str(path), todo="name it .forest.jsonl")


def forests_in(data: bytes, path: Path) -> list[Forest]:
    """Forests of these bytes.

    Raises:
        FormatError: something else is there.
    """
    if not data.strip():
        return []
    try:
        return list(read(data, name=str(path)))
    except FormatError as error:
        raise FormatError(
            f"the file exists and holds no forests that can be read ({error.found})",
            where=error.where or str(path),
            todo="write to another file, or take out what is broken first",
        ) from None
