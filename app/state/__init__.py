"""Everything that survives a rerun: what is open, what is selected, the address bar, caches. Draws nothing.

The only place that touches `st.session_state`, `st.query_params` and caches. Selections that come from the browser or
the address bar are checked here, because they may be stale or forged.
"""

from __future__ import annotations

from app.state.absent import drop_link, wanted_columns, wanted_file, wanted_is_open
from app.state.address import start, sync_address
from app.state.changes import changes, set_changes
from app.state.computed import (
    batch_credit,
    credit,
    credit_before,
    credit_by,
    film,
    film_lane,
    findings,
    interval,
    offer,
)
from app.state.current import (
    as_given,
    forest,
    forest_number,
    has,
    has_node,
    held,
    is_drawn,
    opened,
    recorded,
    recorded_forest,
    select,
    selected_row,
    turn_to,
    what_if,
)
from app.state.export_job import begin_export, cancel_exporting, exporting
from app.state.folds import folds, folds_are_lost, folds_of, take_folds
from app.state.link import asked
from app.state.menus import chosen_in_menu, in_menu, take_from_menu
from app.state.merge_job import cancel_merging, drop_merging, merging
from app.state.open_files import (
    cancel_opening,
    draft,
    drop_draft,
    drop_receipt,
    forget_samples,
    open_forests,
    open_given,
    open_made,
    open_sample,
    opened_forests,
    opening,
    receipt,
    recent,
    remember_columns,
    rename_columns,
)
from app.state.previews import LOOKING, PARTNER
from app.state.session import field, fields, get, get_or, keep, notice, prime, put, put_fields, put_settings, settings

__all__ = [
    "LOOKING",
    "PARTNER",
    "as_given",
    "asked",
    "batch_credit",
    "begin_export",
    "cancel_exporting",
    "cancel_merging",
    "cancel_opening",
    "changes",
    "chosen_in_menu",
    "credit",
    "credit_before",
    "credit_by",
    "draft",
    "drop_draft",
    "drop_link",
    "drop_merging",
    "drop_receipt",
    "exporting",
    "field",
    "fields",
    "film",
    "film_lane",
    "findings",
    "folds",
    "folds_are_lost",
    "folds_of",
    "forest",
    "forest_number",
    "forget_samples",
    "get",
    "get_or",
    "has",
    "has_node",
    "held",
    "in_menu",
    "interval",
    "is_drawn",
    "keep",
    "merging",
    "notice",
    "offer",
    "open_forests",
    "open_given",
    "open_made",
    "open_sample",
    "opened",
    "opened_forests",
    "opening",
    "prime",
    "put",
    "put_fields",
    "put_settings",
    "receipt",
    "recent",
    "recorded",
    "recorded_forest",
    "remember_columns",
    "rename_columns",
    "select",
    "selected_row",
    "set_changes",
    "settings",
    "start",
    "sync_address",
    "take_folds",
    "take_from_menu",
    "turn_to",
    "wanted_columns",
    "wanted_file",
    "wanted_is_open",
    "what_if",
]
