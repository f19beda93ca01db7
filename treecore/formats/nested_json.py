"""Fields that hold objects and lists, either plain or as JSON in a text: tools write these into Parquet and spans."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import orjson

from treecore.formats.fields import wrong


def unpacked(value: Any, name: str, *, where: str) -> Any:
    """The value that a text holds as JSON; other values as they are, None for "".

    Raises:
        FormatError: a text is no JSON.
    """
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        raise wrong(name, value, "JSON", where=where) from None


def unpacked_if_packed(value: Any) -> Any:
    """What a text holds as JSON, if it is a list or an object; other values as they are."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(value)
    return value


def list_within(fields: Mapping[str, Any], name: str, *, where: str) -> list[dict[str, Any]]:
    """A list of objects, or its JSON; empty where it is null or absent.

    Raises:
        FormatError: it is something else.
    """
    value = unpacked(fields.get(name), name, where=where)
    if value is None:
        return []
    if not isinstance(value, list) or not set(map(type, value)) <= {dict}:
        raise wrong(name, value, "a list of objects", where=where)
    return value


def object_within(fields: Mapping[str, Any], name: str, *, where: str) -> dict[str, Any]:
    """An object, or its JSON; empty where it is null or absent.

    Raises:
        FormatError: it is something else.
    """
    value = unpacked(fields.get(name), name, where=where)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise wrong(name, value, "an object", where=where)
    return value
