"""One file a view; importing this package registers them in the order of the navigation. A new one is one more name
here."""

from __future__ import annotations

from app.views import explore, library, rollout, step_through  # noqa: F401  (registers the views, in this order)
