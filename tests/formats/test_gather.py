"""Readers that break: one of a plug-in is named in one sentence, with the file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from treecore.errors import FormatError
from treecore.formats.gather import gather_file
from treecore.formats.notes import Notes
from treecore.formats.registry import Format
from treecore.formats.rollout import Rollout
from treecore.formats.source import Source, open_source


def test_a_reader_of_a_plug_in_that_breaks_is_named() -> None:
    def broken(source: Source, notes: Notes) -> Iterator[Rollout]:
        yield Rollout(prompt=str(source.data["trail"]), turns=[])  # type: ignore[call-overload]

    plugged = Format("trail", "Trail", (".jsonl",), detect=lambda source: True, rollouts=broken)
    with pytest.raises(FormatError, match=r"^my\.file: format 'trail' failed with TypeError: "):
        gather_file(open_source(b'{"trail": 1}\n', name="my.file"), plugged)


def test_what_rollouts_cost_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[Rollout] = []
    cost = Rollout.cost

    def counted(rollout: Rollout) -> int:
        counts.append(rollout)
        return cost(rollout)

    monkeypatch.setattr(Rollout, "cost", counted)
    line = b'{"prompt": "a", "chosen": "x", "rejected": "y"}\n'
    found = gather_file(open_source(line))
    account = found.account()
    found.finish(account)
    assert len(counts) == 2
    assert account.spent >= sum(map(cost, counts))
