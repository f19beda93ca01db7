"""Everything that survives a rerun: what is open, what is selected, the address bar, caches. Draws nothing.

The only module that touches `st.session_state`, `st.query_params` and caches. Selections that come from the
browser or the address bar are checked here, because they may be stale or forged.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import streamlit as st
from streamlit.errors import StreamlitAPIException

import treecore as tc

from app.defaults import (  # isort: skip
    CLOSED, DEFAULTS, FILM, KEPT, KEPT_PREFIXES, LIBRARY, LIBRARY_FIELDS,
    MAX_FIELD, MAX_ID, MOMENT, RECENT, RECENT_BYTES, RESAMPLES, SHORT,
)  # fmt: skip
from app.folders import LIBRARIES_VARIABLE
from app.merging import AUTO, OFF, is_flat, merged, rules, usual_rule
from app.opened import Opened, held_bytes
from app.opening import Opening
from app.places import place
from app.presence import open_page
from app.reading import SHELF, Draft, Given, UnmappedError, read
from app.view_registry import VIEWS
from treecore.analysis.frames import Frame
from treecore.analysis.lint import lint
from treecore.analysis.stages import frames
from treecore.bundled import Sample, samples
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.errors import ForestError, TreecoreError
from treecore.methods import METHODS, get_method, method_for
from treecore.methods.bootstrap import Interval, bootstrap
from treecore.methods.registry import Credit
from treecore.registry.params import Value


def start(has_run: Callable[[str], bool]) -> None:
    """Once a run: defaults, values from the address bar on a session's first run, and keep widget values alive.

    `has_run` tells whether there is a run of a name that the address may give. Another run may break this one off
    wherever session state is touched: an address read in part is read again.
    """
    session = st.session_state
    if "started" not in session:
        for name, value in DEFAULTS.items():
            session.setdefault(name, value)
        session.setdefault("notice", "")
        given = os.environ.get("TREECORE_FILE", "")
        if given and "sample" not in st.query_params:
            open_file(Path(given))
        elif not given and os.environ.get(LIBRARIES_VARIABLE):
            session.view = LIBRARY
        session.reading = session.started = True
    elif _went_back():
        session.reading = True
    if session.reading:
        _read_address(has_run)
        if "written" in session:
            session.written = _address()
        session.reading = False
    settle()
    keep()


def keep() -> None:
    """Hold the values of all widgets, at the beginning of every run, of the page and of a fragment.

    Streamlit forgets the value of a widget that is not drawn, and sends the browser the value of one that is drawn only
    where it was set in the same run: a menu that opens later would show, and then report, its first option.
    """
    for name in map(str, list(st.session_state)):
        if name in KEPT or name.startswith(KEPT_PREFIXES):
            with suppress(StreamlitAPIException):  # drawn earlier in this run, by what is around the fragment
                st.session_state[name] = st.session_state[name]


def _read_address(has_run: Callable[[str], bool]) -> None:
    """Take view, sample, method, frame and node from the address bar; say so where one does not exist."""
    query, session = st.query_params, st.session_state
    unknown = []
    sample = query.get("sample", "")
    if sample in samples() and ("opened" not in session or opened().sample != sample):
        open_sample(sample)
    elif "sample" not in query and (known := _recent().get(query.get("file", ""))) and known is not as_given():
        _show(known)
    for name, allowed in (("view", VIEWS), ("method", METHODS), ("sample", samples())):
        wanted = query.get(name)
        if wanted is not None and wanted not in allowed:
            unknown.append(f"no {name} called “{wanted[:40]}”")
        elif wanted is not None and name != "sample":
            session[name] = wanted
    if "merge" in query:
        known_rule = query["merge"] in rules(as_given())
        session.merging, session.merge_by = known_rule, query["merge"] if known_rule else AUTO
        if not known_rule and query["merge"] != OFF:
            unknown.append(f"no way to merge called “{query['merge'][:40]}”")
    if session.view == LIBRARY:
        session.library = {name: query[name][:MAX_FIELD] for name in LIBRARY_FIELDS if name in query}
    if (run := query.get("run")) and not has_run(run):
        unknown.append(f"no run called “{run[:40]}”")
    session.node = ""
    if (number := place(query.get("prompt", "1"), lambda: len(opened().forests))) is not None:
        session.forest = session.turned = number
    else:
        unknown.append(f"no prompt {query['prompt'][:40]} here")
    if "sample" not in query and query.get("file", opened().key[:SHORT]) != opened().key[:SHORT]:
        unknown.append("the file it was made with is not open in this session (open it again)")
    elif node := query.get("node"):
        if has_node(node):
            session.node = node
        else:
            unknown.append(f"no step “{node[:40]}” here")
    if "frame" in query or session.view == FILM:
        frame = query.get("frame", "1")
        session.frame = place(frame, _film_length) or 0
        if frame != str(session.frame + 1):
            unknown.append(f"no frame {frame[:40]} here")
    if unknown:
        session.notice = "Not everything in this link is here: " + "; ".join(unknown) + "."


def _film_length() -> int:
    """Frames of the film; 0 where the method cannot run on what is open."""
    try:
        return len(film())
    except TreecoreError:
        return 0


def _went_back() -> bool:
    """Whether the address bar shows something else than what was last written there, so that the visitor went back.

    A run that a widget asked for before the browser took the last address over shows an old one too: then what is
    shown has changed as well.
    """
    written = st.session_state.get("written")
    return written is not None and st.query_params.to_dict() != written == _address()


def _address() -> dict[str, str]:
    """What is shown, as the address bar says it."""
    wanted: dict[str, str] = {name: get(name) for name in ("view", "method", "node")}
    if len(quote(wanted["node"])) > MAX_ID:
        wanted["node"] = ""
    if wanted["view"] == "rollout" and (job := st.session_state.get("job")) is not None:
        wanted["run"] = job.name
    if wanted["view"] == LIBRARY:
        wanted |= get_or("library", {})
    wanted["sample" if opened().sample else "file"] = opened().sample or opened().key[:SHORT]
    if (rule := merge_rule()) != usual_rule(as_given()):
        wanted["merge"] = rule or OFF
    wanted["prompt"] = str(forest_number() + 1) if forest_number() else ""
    if get("playing"):  # else the way back would lead through every frame that was played
        wanted["frame"] = st.session_state.get("written", {}).get("frame", "")
    elif wanted["view"] == FILM and get("frame"):
        wanted["frame"] = str(int(get("frame")) + 1)
    return {name: value for name, value in wanted.items() if value}


def sync_address() -> None:
    """Write what is shown into the address bar, so that the page can be linked and reloaded.

    It is written again where another was written since the one that the browser sent with this run, which may still be
    on its way there.
    """
    wanted = _address()
    if st.query_params.to_dict() != wanted or st.session_state.get("written", wanted) != wanted:
        st.query_params.from_dict(wanted)
    st.session_state.written = wanted


def asked(name: str) -> str:
    """A field of the address bar, "" where it has none."""
    return st.query_params.get(name, "")


def notice() -> str:
    """A sentence to show once, for example about a link that named something unknown."""
    text: str = st.session_state.get("notice", "")
    st.session_state.notice = ""
    return text


@st.cache_resource(max_entries=64, show_spinner=False)
def _sample(sample: Sample) -> Opened:
    return read(sample.path, sample.path.name, title=sample.title, sample=sample.name, note=sample.look_for)


def _show(fresh: Opened) -> None:
    session = st.session_state
    if not fresh.sample:
        others = {key: one for key, one in _recent().items() if key != fresh.key[:SHORT]}
        recent = [*others.items(), (fresh.key[:SHORT], fresh)][-RECENT:]
        while len(recent) > 1 and sum(one.size for _, one in recent) > RECENT_BYTES:
            recent.pop(0)
        session.recent = dict(recent)
    session.opened = fresh
    session.merging, session.merge_by = bool(usual_rule(fresh)), AUTO
    session.forest = session.turned = session.frame = 0
    session.node = session.guess = ""
    session.method = method_for(fresh.forests, get("method"), settings(get("method")))


def _recent() -> dict[str, Opened]:
    """What was opened last in this session beside samples, by the beginning of its key."""
    recent: dict[str, Opened] = st.session_state.get("recent", {})
    return recent


def open_sample(name: str) -> None:
    """Open a bundled sample by name."""
    _show(_sample(samples()[name]))


def open_given(given: Given, name: str, columns: Mapping[str, str] | None = None) -> None:
    """Begin to open what was uploaded; `settle` tells what became of it, and what is open stays open until then."""
    _begin(partial(read, given, name, columns=columns), name, tell_in="upload_error")


def open_file(path: Path) -> None:
    """Begin to open a file or a folder named on the command line; a bad one leaves a notice."""
    _begin(partial(read, path, path.name), path.name, tell_in="notice")


def _begin(work: Callable[..., Opened], name: str, *, tell_in: str) -> None:
    """Read in a thread of its own; what takes a moment only is waited for."""
    cancel_opening()
    st.session_state.opening = Opening(name, work, open_page()).start()
    st.session_state.opening_tells = tell_in
    st.session_state.opening.wait(MOMENT)
    settle()


def opening() -> Opening | None:
    """A file that is being read for this session."""
    found: Opening | None = st.session_state.get("opening")
    return found


def draft() -> Draft | None:
    """A table that was uploaded and whose columns are still to be named."""
    found: Draft | None = st.session_state.get("draft")
    return found


def drop_draft() -> None:
    """Leave a table aside whose columns were to be named."""
    st.session_state.draft = None


def cancel_opening() -> None:
    """Break off what is being read; what is open stays open."""
    if (going := opening()) is not None:
        going.cancel()
        st.session_state.opening = None


def settle() -> None:
    """Show a file that has been read by now, or tell why it cannot be."""
    going = opening()
    if going is None or not going.over:
        return
    st.session_state.opening = None
    if isinstance(going.failure, UnmappedError):
        st.session_state.draft = going.failure.draft
        for name in [name for name in st.session_state if str(name).startswith("map:")]:
            del st.session_state[name]
    elif going.error:
        instead = "" if "opened" in st.session_state else " Opened a sample instead."
        st.session_state[st.session_state.opening_tells] = f"{going.error}.{instead}" if instead else going.error
    elif going.result is not None:
        st.session_state.draft = None
        _show(going.result)


def open_forests(forests: Sequence[Forest], title: str) -> None:
    """Open forests that were just sampled."""
    key = hashlib.sha256("".join(forest.digest for forest in forests).encode()).hexdigest()
    batch = Forests(list(forests))
    _show(SHELF.put((key, title), Opened(key, title, batch, size=sum(map(held_bytes, map(vars, batch))))))


def as_given() -> Opened:
    """What is open as its file has it; the first sample when nothing was opened yet."""
    if "opened" not in st.session_state:
        open_sample(next(iter(samples())))
    current: Opened = st.session_state.opened
    return current


def merge_rule() -> str:
    """By which rule shared beginnings are merged, "" where they are not."""
    by = get("merge_by")
    return str(by) if get("merging") is True and is_flat(as_given()) and by in rules(as_given()) else ""


def opened() -> Opened:
    """What is open, as it is shown."""
    rule = merge_rule()
    return merged(as_given(), rule) if rule else as_given()


def forest_number() -> int:
    """Which forest of the batch is shown."""
    number = st.session_state.forest
    return min(max(number, 0), len(opened().forests) - 1) if isinstance(number, int) else 0


def turn_to(number: int) -> None:
    """Show another forest of the batch, without a selection; nothing where that one is shown already.

    Only from callbacks.
    """
    if st.session_state.turned != number:
        put({"forest": number, "turned": number, "node": "", "frame": 0, "guess": ""})


def forest() -> Forest:
    """The forest that is shown."""
    return opened().forests[forest_number()]  # type: ignore[no-any-return]


def has_node(node_id: str) -> bool:
    """Whether the shown forest has a node of this id."""
    try:
        forest().row(node_id)
    except ForestError:
        return False
    return True


def select(node_id: object) -> None:
    """Select a step by id; an unknown or stale id deselects."""
    st.session_state.node = node_id if isinstance(node_id, str) and has_node(node_id) else ""


def selected_row() -> int | None:
    """Row of the selected step, None when none is."""
    node = st.session_state.node
    return forest().row(node) if node and has_node(node) else None


def held() -> set[str]:
    """Stamps of what the session's browser has of canvases."""
    stamps: set[str] = st.session_state.setdefault("held", set())
    return stamps


def settings(method: str) -> dict[str, Value]:
    """Parameters of a method as the widgets have them."""
    values = {}
    for param in get_method(method).params:
        value = st.session_state.get(f"set:{method}:{param.name}", param.default)
        values[param.name] = value
    return values


def findings() -> list[str]:
    """What is valid but suspicious in what is open, one sentence each."""
    batch = opened().forests
    found: list[str] = opened().kept.get("findings", lambda: [finding.in_words for finding in lint(batch)])
    return found


def batch_credit() -> Credit:
    """Credit of the whole batch by the chosen method.

    Raises:
        MethodError: the method cannot run on this data; says what is lacking.
    """
    method = get("method")
    numbers = settings(method)
    found: Credit = opened().kept.get(
        ("credit", method, tuple(numbers.items())), lambda: tc.credit(opened().forests, method, **numbers)
    )
    return found


def credit() -> Credit:
    """Credit of the shown forest, the same object as long as it does not change.

    Raises:
        MethodError: the method cannot run on this data; says what is lacking.
    """
    session, whole, number = st.session_state, batch_credit(), forest_number()
    kept = session.get("credit")
    if kept is None or kept[0] is not whole or kept[1] != number:
        session.credit = kept = (whole, number, whole.of(number))
    own: Credit = kept[2]
    return own


def interval(tell: Callable[[int], None]) -> Interval:
    """How far the shown forest's credits depend on the draw of leaves; `tell` hears how many resamples are done.

    Raises:
        MethodError: more numbers than fit.
    """
    session, method = st.session_state, get("method")
    asked = (opened().key, method, tuple(settings(method).items()))
    if session.get("interval", (None,))[0] != asked:
        found = bootstrap(opened().forests, method, n=RESAMPLES, settings=dict(asked[2]), on_progress=tell)
        session.interval = (asked, found)
    whole: Interval = session.interval[1]
    low, high = opened().forests.offset[forest_number() : forest_number() + 2]
    return Interval(*(column[low:high] for column in whole))


def film() -> list[Frame]:
    """The frames of Step through for the shown forest and the chosen method."""
    method = get("method")
    key = ("film", forest_number(), method, tuple(settings(method).items()))
    found: list[Frame] = opened().kept.get(key, lambda: frames(credit()))
    return found


def get(name: str) -> Any:
    """A value of the session; the default where the browser sent a name that does not exist."""
    value = st.session_state.get(name, DEFAULTS.get(name))
    return value if name not in CLOSED or (isinstance(value, str) and value in CLOSED[name]) else DEFAULTS[name]


def get_or(name: str, default: Any) -> Any:
    """A value of the session, or `default` when there is none."""
    return st.session_state.get(name, default)


def prime(name: str, value: Any) -> None:
    """Give a widget its first value; later ones are its own."""
    st.session_state.setdefault(name, value)


def put(values: Mapping[str, Any]) -> None:
    """Set values of the session; only from callbacks, before their widgets are drawn."""
    for name, value in values.items():
        st.session_state[name] = value
