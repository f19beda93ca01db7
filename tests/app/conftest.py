from __future__ import annotations

from browser import browser, open_page  # noqa: F401
