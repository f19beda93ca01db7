"""Step through: the same trees as a film, from the prompt to a weight on every token."""

from __future__ import annotations

import time

import streamlit as st

from app import chrome, redraw, stage, state
from app.controls.bar import bar
from app.defaults import GUESS
from app.signals import film_keys, press_in
from app.verbatim import ours, verbatim
from app.view_fields import Field
from app.view_keys import FILM_TREES, KeyGroup
from app.view_registry import view
from treecore.analysis.frames import Frame
from treecore.analysis.question import Question, question
from treecore.bidi import visible
from treecore.core.numerals import whole
from treecore.errors import TreecoreError
from treecore.views.scene.film import asks, stage_of

SECONDS_A_FRAME = 1.6
SPEEDS = {"0.5x": 0.5, "1x": 1.0, "2x": 2.0}
SPEED = "step_through:speed"
KEYS = KeyGroup(
    "The film, wherever the focus is",
    (("← →", "frame"), ("Home End", "first, last frame"), ("Space", "play or pause")),
)


@view(
    title="Step through",
    fields=[Field("speed", "1x", allowed=lambda: SPEEDS), Field("guess", there=lambda words: words in choices())],
    keys=(KEYS, FILM_TREES),
)
def render() -> None:
    """The view; while it plays, a timer reruns the film."""
    interval = timer()
    if interval is None:
        film()
    else:
        st.fragment(playing, run_every=interval)(interval)
    selecting()


def timer() -> float | None:
    """Seconds from one frame to the next at the chosen speed; None while nothing plays."""
    return SECONDS_A_FRAME / SPEEDS[str(state.field(SPEED))] if state.get("playing") else None


@st.fragment
def selecting() -> None:
    """The way in which a click on a step is heard, without another picture of the film unless it is an answer."""
    stage.share_selection(then=answer)
    state.sync_address()


def answer() -> None:
    """Take a click on a branch, wherever on it, as the answer to the question that is being asked."""
    row, shots = state.selected_row(), state.film()
    if row is None or not asks(shots[min(int(state.get("frame")), len(shots) - 1)]):
        return
    asked = question(state.credit())
    branch = None if asked is None else asked.branch_of(state.forest(), row)
    if branch is not None:
        state.put({GUESS: branch})
        redraw.now()


def playing(interval: float) -> None:
    """The film while it plays: a part of the page of its own, whose timer ends where the film is drawn without it.

    Args:
        interval: to which the timer was set; where the film came to its end, the view is drawn anew.
    """
    if timer() != interval:
        st.rerun()
    state.keep()
    film()
    state.sync_address()


def film() -> None:
    """Trees on the left, the story on the right."""
    left, right = st.columns([0.69, 0.31], gap="medium")
    with left:
        chrome.title()
        bar(colours=False)
        try:
            credit = state.credit()
        except TreecoreError as error:
            chrome.cannot(error)
            return
        shots = state.film()
        asked = question(credit)
        advance(shots, asked)
        number = min(int(state.get("frame")), len(shots) - 1)
        if number != state.get("frame"):
            state.put({"frame": number})
        shown = stage_of(shots[number], state.film_lane(), ends=credit.ends)
        stage.trees(state.forest(), credit, key="step", stage=shown)
    with right, st.container(key="side"):
        story(shots, number, asked)


def story(shots: list[Frame], number: int, asked: Question | None) -> None:
    """The controls, which never move; where we are, one sentence, the numbers that change, a prediction."""
    frame = shots[number]
    titles = list(dict.fromkeys(shot.stage for shot in shots))
    player(number, total=len(shots), waiting=waits(frame, asked))
    st.markdown(f"#### {verbatim(frame.part or frame.stage)}")
    with st.container(key="sentence"):
        st.text(visible(frame.sentence))
    if asked is not None and (asks(frame) or number == len(shots) - 1):
        predict(asked, reveal=number == len(shots) - 1)
    stages(titles, frame.stage, shots)
    if frame.numbers:
        st.markdown("  \n".join(f"{ours(name)}: **{verbatim(value)}**" for name, value in frame.numbers.items()))
    keys(number, total=len(shots))


def stages(titles: list[str], now: str, shots: list[Frame]) -> None:
    """The list of stages; a click goes to one."""
    first = {title: next(i for i, shot in enumerate(shots) if shot.stage == title) for title in titles}
    position = titles.index(now)
    with st.container(key="stages", gap=None):
        for index, title in enumerate(titles):
            mark = "●" if index <= position else "○"
            st.button(
                f":primary[{ours(mark)}]  **{verbatim(title)}**"
                if index == position
                else f":primary[{ours(mark)}]  {verbatim(title)}",
                key=f"stage_{index}",
                type="tertiary",
                on_click=go,
                args=(first[title],),
                kwargs={"total": len(shots)},
            )


def choices() -> tuple[str, ...]:
    """What may be foretold; nothing where nothing is asked."""
    asked = question(state.credit())
    return () if asked is None else tuple(asked.choices)


def predict(asked: Question, *, reveal: bool) -> None:
    """Commit to an answer before the numbers are shown; at the end, who was right."""
    guess = state.get(GUESS)
    if guess not in asked.choices:
        guess = None
        state.put({GUESS: guess})
    if reveal:
        said = f"You said {guess}: " + ("right. " if guess == asked.answer else "not so. ") if guess else ""
        (st.success if guess == asked.answer else st.info)(verbatim(f"{said}The blame goes to “{asked.answer}”."))
        return
    st.markdown("**Before you look: which branch gets the blame?**")
    st.caption("Click it among the trees, or choose its words.")
    st.pills(
        "Which branch gets the blame?",
        asked.choices,
        key=GUESS,
        format_func=verbatim,
        label_visibility="collapsed",
    )
    if guess:
        st.caption("Noted. The last stage shows who was right.")


def waits(frame: Frame, asked: Question | None) -> bool:
    """Whether a film that plays stands still until a prediction is made."""
    return asked is not None and asks(frame) and not state.get(GUESS)


def player(number: int, *, total: int, waiting: bool) -> None:
    """Previous, play, next, slider; of a film that plays and waits, that it does."""
    playing = bool(state.get("playing"))
    said = ("Waits" if waiting else "Pause") if playing else "Play"
    keys_help = "It plays on when you have answered. Space: do not play on." if playing and waiting else "Space"
    with st.container(key="player", horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Back",
            icon=":material/chevron_left:",
            help="Left arrow key",
            on_click=go,
            args=(number - 1,),
            kwargs={"total": total},
        )
        st.button(ours(said), key="play", help=ours(keys_help), on_click=toggle, args=(total,))
        st.button(
            "Next",
            icon=":material/chevron_right:",
            help="Right arrow key",
            type="primary",
            on_click=go,
            args=(number + 1,),
            kwargs={"total": total},
        )
    st.slider("Frame", 0, total - 1, key="frame", label_visibility="collapsed", format=" ")
    with st.container(key="pace", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"Frame {whole(number + 1)} of {whole(total)}", width="content")
        state.prime(SPEED, "1x")
        st.segmented_control(
            "Speed",
            list(SPEEDS),
            format_func=ours,
            key=SPEED,
            on_change=redraw.now,
            label_visibility="collapsed",
            required=True,
            width="content",
        )


def keys(number: int, *, total: int) -> None:
    """Arrows, Home, End and Space, wherever the focus is."""
    heard = int(state.get_or("film_heard", 0))
    film_keys(frame=number, last=total - 1, heard=heard, key="film_keys", on_press=lambda: pressed(total))


def pressed(total: int) -> None:
    """Do what a key asked.

    A press that is sent again was heard in a run that did not draw the film, and the slider, still as it was, has put
    its own number back since: it goes to its frame again. Playing is turned on or off once.
    """
    press, heard = press_in(state.get("film_keys"), total - 1), int(state.get_or("film_heard", 0))
    if press is None or press.number < heard or (press.number == heard and press.frame is None):
        return
    state.put({"film_heard": press.number})
    if press.frame is None:
        toggle(total)
    else:
        go(press.frame, total=total)


def go(frame: int, *, total: int) -> None:
    """Show a frame and stop playing."""
    was_playing = state.get("playing")
    state.put({"frame": min(max(frame, 0), total - 1), "playing": False})
    if was_playing:
        redraw.now()


def toggle(total: int) -> None:
    """Start or stop playing; from the end, start over."""
    starting = not state.get("playing")
    at_end = int(state.get("frame")) >= total - 1
    state.put({"playing": starting, "moved": time.monotonic()})
    if starting and at_end:
        state.put({"frame": 0})
    redraw.now()


def advance(shots: list[Frame], asked: Question | None) -> None:
    """While playing, one frame on each tick of the timer; wait for a prediction that is asked for, stop at the end."""
    now, interval = time.monotonic(), timer()
    if interval is None or now - float(state.get("moved") or 0) < interval * 0.8:
        return
    frame, last = int(state.get("frame")), len(shots) - 1
    if waits(shots[min(frame, last)], asked):
        return
    frame = min(frame + 1, last)
    state.put({"frame": frame, "moved": now, "playing": frame < last})
