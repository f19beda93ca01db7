"""Files of other tools, a module a family. Importing this registers them; formats are tried in this order.

The most telling come first: those that are recognised by many fields, then those of few.
"""

from __future__ import annotations

from treecore.formats.readers import verl  # noqa: F401
