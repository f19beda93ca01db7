"""Turns in the line: equal shares by size, whoever asks how often."""

from __future__ import annotations

from dataclasses import dataclass

from app.rollout.fair_queueing import FairLine


@dataclass(eq=False)
class Ask:
    owner: str
    size: int


def line(*asks: Ask) -> FairLine[Ask]:
    made = FairLine[Ask]()
    for ask in asks:
        made.add(ask)
    return made


def test_equals_come_as_they_came() -> None:
    asks = [Ask(name, 5) for name in "abcd"]
    assert line(*asks).ordered() == asks


def test_many_jobs_of_one_visitor_queue_behind_each_other() -> None:
    many, other = [Ask("hog", 6) for _ in range(10)], Ask("other", 6)
    assert line(*many, other).ordered() == [many[0], other, *many[1:]]


def test_a_small_job_passes_large_ones_of_sixty_visitors() -> None:
    large, small = [Ask(str(number), 512) for number in range(60)], Ask("late", 6)
    waiting = line(*large)
    assert waiting.take() is large[0]
    waiting.add(small)
    assert waiting.take() is small


def test_small_jobs_of_ever_new_visitors_do_not_starve_a_large_one() -> None:
    large = Ask("patient", 100)
    waiting = line(large)
    for number in range(100):
        waiting.add(Ask(f"new {number}", 6))
        if waiting.take() is large:
            break
    else:
        raise AssertionError("the large job never had its turn")
    assert number <= 2 * 100 / 6 + 2


def test_who_takes_a_job_out_is_not_charged_for_it() -> None:
    first, second, third, other = Ask("a", 50), Ask("a", 6), Ask("a", 6), Ask("b", 20)
    waiting = line(first, second, other)
    assert waiting.ordered() == [other, first, second]
    waiting.remove(first)
    assert waiting.ordered() == [second, other]
    waiting.add(third)
    assert waiting.ordered() == [second, third, other]


def test_who_was_served_falls_behind_who_was_not() -> None:
    waiting = line(Ask("a", 40), Ask("b", 60))
    assert waiting.take().owner == "a"
    again, new = Ask("a", 30), Ask("c", 30)
    waiting.add(again)
    waiting.add(new)
    assert [ask.owner for ask in waiting.ordered()] == ["c", "b", "a"]
