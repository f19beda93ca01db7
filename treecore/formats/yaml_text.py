"""YAML as plain JSON values, within limits: no tags but the plain ones, no merge keys, few levels, few repeats.

An alias repeats what its anchor names; a short text of aliases may so mean billions of values, which are counted here
before any is made.
"""

from __future__ import annotations

from typing import Any

import orjson
import yaml

from treecore.errors import FormatError
from treecore.formats.limits import MAX_DEPTH
from treecore.formats.source import Source

VALUES_A_BYTE = 1.0
"""Values that a text may mean for each of its bytes."""
FREE_VALUES = 10_000
"""Values that any text may mean."""


class _Loader(yaml.CSafeLoader):
    """The safe loader, which leaves dates as text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":merge"))]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def plain_yaml(source: Source) -> Any:
    """The one document of a YAML text.

    Raises:
        FormatError: not YAML, which names the line; or nested too deep, or means too much.
    """
    try:
        check_size_of_values(source)
        value = yaml.load(source.data, Loader=_Loader)
        return orjson.loads(orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{source.name}, line {mark.line + 1}" if mark is not None else source.name
        reason = getattr(error, "problem", None) or "a character that may not be there"
        raise FormatError(f"not YAML ({reason})", where=place, todo="correct it here") from None
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise FormatError(f"not plain YAML ({str(error)[:100]})", where=source.name, todo="write JSON lines") from None


def check_size_of_values(source: Source) -> None:
    """Count values, aliases as what they repeat; nothing is made.

    Raises:
        FormatError: more than a text of this size may mean, or nested too deep.
    """
    most = max(FREE_VALUES, VALUES_A_BYTE * len(source.data))
    named: dict[str, int] = {}
    counts, anchors = [0], [""]
    for event in yaml.parse(source.data, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            counts.append(1)
            anchors.append(event.anchor or "")
            if len(counts) > MAX_DEPTH:
                raise _refused(source, event, f"nested more than {MAX_DEPTH} levels deep")
        elif isinstance(event, yaml.ScalarEvent):
            counts[-1] += 1
            named |= {event.anchor: 1} if event.anchor else {}
        elif isinstance(event, yaml.AliasEvent):
            counts[-1] += named.get(event.anchor or "", 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            inner, anchor = counts.pop(), anchors.pop()
            named |= {anchor: inner} if anchor else {}
            counts[-1] += inner
        if counts[-1] > most:
            raise _refused(source, event, f"aliases that repeat more than {int(most):,} values")


def _refused(source: Source, event: yaml.Event, found: str) -> FormatError:
    line = event.start_mark.line + 1 if event.start_mark else 1
    return FormatError(found, where=f"{source.name}, line {line}", todo="write JSON lines")
