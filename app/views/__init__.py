"""One file a view; importing this package registers them in the order of the navigation. A new one is one more name
here."""

from __future__ import annotations

# isort: off
from app.views import explore, step_through, granularity, compare, rollout, library, lessons  # noqa: F401  (registers them in this order)
