"""Gives an object that follows a protocol by its members alone the optional members that it leaves out."""

from __future__ import annotations

import inspect
from typing import Any


def with_defaults(made: Any, protocol: type, *, names: tuple[str, ...]) -> Any:
    """`made`, which has all of `names` afterwards. A class that derives from the protocol has them anyway.

    Args:
        made: what a user or another package wrote.
        protocol: declares the members with a default, as attributes or as properties.
        names: of the optional members.

    Raises:
        AttributeError: it lacks one and takes none.
    """
    for name in names:
        if not hasattr(made, name):
            declared = inspect.getattr_static(protocol, name)
            default = declared.__get__(made) if isinstance(declared, property) else declared
            object.__setattr__(made, name, default)
    return made
