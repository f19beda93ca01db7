"""Words of others in XML files: characters that no such file may hold are replaced, the rest is escaped once."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML file may hold."""


def holdable(text: str) -> str:
    """The text with U+FFFD in place of what XML forbids."""
    return NOT_XML.sub("\ufffd", text)


def escaped(text: str) -> str:
    """The text as it stands between tags or in a quoted attribute."""
    return escape(holdable(text), {'"': "&quot;"})
