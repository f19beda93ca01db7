"""The last line of a run that was stopped while writing it: how it differs from a broken file."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

import orjson

from treecore.core.forest import Forest
from treecore.formats.native_fields import VERSION
from treecore.formats.source import Source, Text

HEAD = f'{{"format":"{VERSION}"'.encode()
"""How every line that this program writes begins."""
SAMPLED = frozenset({"name", "seed", "parameters"})
"""What a rollout records of its sampler."""


def is_torn(source: Source, text: Text, forests: Sequence[Forest]) -> bool:
    """Whether a text that is not JSON is the torn last line of a run.

    Args:
        source: the file; text: of it.
        forests: of all lines before.
    """
    last = text.line > 0 and source.data.endswith(text.data) and not source.data.endswith(b"\n")
    return last and bool(forests) and all(map(by_run, forests)) and is_beginning(bytes(text.data))


def by_run(forest: Forest) -> bool:
    """Whether a rollout or an annotation wrote a forest line by line."""
    return forest.sampler.keys() >= SAMPLED or bool(forest.provenance.get("annotations"))


def is_beginning(data: bytes) -> bool:
    """Whether a line of ours is right as far as it goes, and not whole; a lost disk may leave zeros behind it."""
    data = data.rstrip(b"\0")
    if not (data.startswith(HEAD) or HEAD.startswith(data)):
        return False
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data)
        orjson.loads(text)
    except UnicodeDecodeError:
        return False
    except orjson.JSONDecodeError as error:
        return error.pos >= len(text)
    return False


def torn_note(text: Text) -> str:
    """That a torn line was left out, as a clause."""
    return (
        f"{text.where}: this line is torn, since the run was stopped while writing it; the whole lines before it are "
        "read, and the same command with --resume goes on after them"
    )
