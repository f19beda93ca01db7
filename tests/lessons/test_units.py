"""The course: its truth belongs to the samples, its numbers come out another way too, its sentences are true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from oracles import has_oracle, slow_credit
from oracles.nodes import Walk

import treecore as tc
from treecore.annotate import Annotation, annotate
from treecore.bundled import samples, samples_dir
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.lessons.glossary import document, glossary, linked
from treecore.lessons.quantities import QUANTITIES, numbers_of, row_credit, value_of
from treecore.lessons.truth import Truth, truth
from treecore.lessons.unit import CHAPTERS, EACH, FOLDER, Row, Unit, row_of, units
from treecore.lessons.words import PLACE, holds, paragraph
from treecore.methods import METHODS, get_method

TRUTHS = sorted(path.stem for path in (samples_dir() / "truth").glob("*.json"))
COURSE = list(units().values())
NAMES = [unit.name for unit in COURSE]
DIGITS = re.compile(r"\d")
MANY, NAN = 512, float("nan")


def held(sample: str) -> dict[str, dict[str, list[int]]]:
    found: dict[str, dict[str, list[int]]] = json.loads((samples_dir() / "truth" / f"{sample}.json").read_text())
    return found


def shares(sample: str, kind: str = "many") -> dict[str, float]:
    """Node id -> share right, read from the file the plain way, ends by their outcome, all roots alike."""
    forest = tc.read(samples()[sample].path)[0]
    found = {node: right / count for node, (right, count) in held(sample)[kind].items()}
    for row in range(len(forest)):
        if forest.reward[row] == forest.reward[row]:
            found[str(forest.node_id[row])] = float(forest.reward[row])
    first = next(str(forest.node_id[row]) for row in range(len(forest)) if forest.parent[row] < 0)
    for row in range(len(forest)):
        if forest.parent[row] < 0:
            found[str(forest.node_id[row])] = found[first]
    return found


def above(unit: Unit, node: str) -> str:
    forest = truth(unit.sample).forest
    return str(forest.node_id[forest.parent[forest.row(node)]])


@pytest.mark.parametrize("sample", TRUTHS)
def test_truth_belongs_to_its_sample(sample: str) -> None:
    forest, kept = tc.read(samples()[sample].path)[0], held(sample)
    assert kept["digest"] == forest.digest
    assert kept["command"] == f"python sample_trees/record_truth.py {sample}"
    open_steps = {str(forest.node_id[row]) for row in range(len(forest)) if not forest.topology.is_leaf[row]}
    first_roots = [str(forest.node_id[row]) for row in np.flatnonzero(forest.is_prompt)][1:]
    assert open_steps - set(first_roots) <= set(kept["many"])
    assert all(0 <= right <= count == MANY for right, count in kept["many"].values())


@pytest.mark.parametrize("kind", ["few", "many"])
@pytest.mark.parametrize("sample", TRUTHS)
def test_the_same_command_gives_the_same_counts(sample: str, kind: str) -> None:
    """Of a step and the prompt above it where many continuations were counted, of all steps where few were."""
    recount(sample, kind, only=2 if kind == "many" else None)


@pytest.mark.parametrize("sample", TRUTHS)
def test_every_count_is_that_of_the_command(sample: str) -> None:
    recount(sample, "many", only=None)


def recount(sample: str, kind: str, *, only: int | None) -> None:
    """Continue the steps of a sample anew, all or the first ones that are kept, and compare the counts."""
    forest, kept = tc.read(samples()[sample].path)[0], held(sample)[kind]
    k = next(iter(kept.values()))[1]
    counted = list(kept)[:only]
    done = next(annotate([forest], Annotation("monte_carlo", {"k": k}, seed=0, node=counted[-1] if only else None)))
    for node in counted:
        row, (right, count) = done.row(node), kept[node]
        assert done.columns["mc_value"][row] * done.columns["mc_count"][row] == pytest.approx(right, abs=1e-6)
        assert done.columns["mc_count"][row] == count


def test_truth_of_another_forest_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    changed = held(TRUTHS[0]) | {"digest": "0" * 64}
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / f"{TRUTHS[0]}.json").write_text(json.dumps(changed))
    monkeypatch.setattr("treecore.lessons.truth.samples_dir", lambda: tmp_path)
    with pytest.raises(tc.TreecoreError, match="another forest"):
        truth.__wrapped__(TRUTHS[0])


def test_the_course_is_whole() -> None:
    assert [unit.number for unit in COURSE] == [*range(1, len(CHAPTERS) * EACH + 1)]
    assert sorted({unit.sample for unit in COURSE}) == TRUTHS
    assert all(3 <= unit.minutes <= 5 for unit in COURSE)
    assert all(unit.sources and all(one.where for one in unit.sources) for unit in COURSE)
    assert all(len(unit.bet.steps) <= 9 for unit in COURSE)


@pytest.mark.parametrize("name", NAMES)
def test_sentences_are_true(name: str) -> None:
    unit = units()[name]
    known = numbers_of(unit)
    assert unit.claims
    assert [claim for claim in unit.claims if not holds(claim, known)] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_number_in_a_sentence_is_computed(name: str) -> None:
    """Digits that are written into the words are names of steps and trees, or what the reader may drag to."""
    unit = units()[name]
    for text in (unit.truth, unit.why, unit.doubt, unit.take):
        written = PLACE.sub("", text)
        steps = re.sub(r"\b(step|steps|tree|and) \d\b", "", written, flags=re.IGNORECASE).replace("of 100", "")
        assert not DIGITS.search(steps), steps
        for paragraphs in paragraph(unit, text):
            assert all(piece["text"] for piece in paragraphs)
    assert not PLACE.search(unit.bet.ask)


@pytest.mark.parametrize("name", NAMES)
def test_numbers_come_out_another_way(name: str) -> None:
    """Chances from the counts in the file, ends by their paths, credit from the slow version of its method."""
    unit = units()[name]
    chance, known, seen = shares(unit.sample), numbers_of(unit), set()
    for number, asked in unit.numbers.items():
        of = asked.get("of", "")
        match asked["is"]:
            case "chance":
                wanted = chance[above(unit, of) if asked.get("when") == "before" else of]
            case "change":
                wanted = chance[of] - chance[above(unit, of)]
            case "ends":
                wanted = len(outcomes(unit, of, good=asked.get("right", False)))
            case "recorded":
                wanted = float(np.mean(outcomes(unit, of)))
            case "spread":
                wanted = (chance[of] * (1 - chance[of]) / (known["k"] if asked["k"] == "$k" else asked["k"])) ** 0.5
            case "credit_by":
                row = {k: v for k, v in asked.items() if k not in ("is", "of", "as")}
                if "$k" in row.get("settings", {}).values():
                    row["settings"] = {"window": int(known["k"])}
                wanted = slowly(unit, row_of(row), of)
            case _:
                continue
        seen.add(number)
        assert known[number] == pytest.approx(wanted, abs=1e-6, nan_ok=True), number
    assert seen


def outcomes(unit: Unit, of: str = "", *, good: bool = False) -> list[float]:
    """Rewards of the scored ends whose path goes through a step, or of all; `good`: of those that are right."""
    forest = tc.read(samples()[unit.sample].path)[0]
    ends = [row for row in range(len(forest)) if row not in forest.parent and not np.isnan(forest.reward[row])]
    paths = {end: [str(forest.node_id[row]) for row in forest.topology.path(end).tolist()] for end in ends}
    return [
        float(forest.reward[end]) for end in ends if of in ("", *paths[end]) and (forest.reward[end] == 1 or not good)
    ]


def slowly(unit: Unit, row: Row, of: str) -> float:
    """Credit of a step by the slow version of a method where its settings are as by default."""
    forest = tc.read(samples()[unit.sample].path)[0]
    if row.few:
        kept = held(unit.sample)["few"]
        roots = [str(forest.node_id[root]) for root in np.flatnonzero(forest.is_prompt)]
        counts = kept | dict.fromkeys(roots, kept[roots[0]])
        nodes = [counts.get(str(node), [NAN, NAN]) for node in forest.node_id]
        columns = {"mc_value": np.array([right / count for right, count in nodes])}
        forest = forest.with_columns(columns=columns | {"mc_count": np.array([count for _, count in nodes])})
    place = forest.row(of)
    if row.folded:
        begins = words_to(forest, place)
        forest = tc.merge(forest)
        place = next(at for at in range(len(forest)) if words_to(forest, at) == begins)
    if row.settings or not has_oracle(row.method):
        return float(tc.credit([forest], row.method, **dict(row.settings)).credit[place])
    return float(slow_credit(Walk(Forests([forest])), row.method)["credit"][place])


def words_to(forest: Forest, row: int) -> str:
    """What is written and answered from the prompt up to a step."""
    return "".join(forest.text[at] + forest.observation[at] for at in forest.topology.path(row))


@pytest.mark.parametrize("name", NAMES)
def test_methods_of_the_table_run(name: str) -> None:
    unit = units()[name]
    for row in unit.rows:
        assert np.isfinite(row_credit(unit, row)).any(), row.method
    assert np.isfinite(value_of(unit, unit.check.number, numbers_of(unit)))


@pytest.mark.parametrize("name", NAMES)
def test_the_bet_has_one_answer(name: str) -> None:
    """The step that is looked for stands apart from the next one by more than chance."""
    unit = units()[name]
    found = truth(unit.sample)
    rows = [found.forest.row(step) for step in unit.bet.steps]
    measured = (found.change if unit.bet.on == "change" else found.chance)[rows]
    low, high = (ends[rows] for ends in (found.change_interval if unit.bet.on == "change" else found.interval))
    order = np.argsort(measured if unit.bet.right == "lowest" else -measured)
    apart = abs(measured[order[0]] - measured[order[1]])
    wide = np.maximum(high - measured, measured - low)
    assert apart > np.hypot(wide[order[0]], wide[order[1]])


def test_intervals_of_chances_and_of_their_changes() -> None:
    """Newcombe 1998, table II, method 10: 56 of 70 less 48 of 80 is 0.2, from 0.0524 to 0.3339."""
    forest = Forest(parent=np.array([-1, 0, 1]), reward=np.array([NAN, NAN, 1.0]), text=["", "a", "b"])
    right, count = np.array([48.0, 56.0, 1.0]), np.array([80.0, 70.0, 1.0])
    found = Truth(forest=forest, right=right, count=count, few=right / count, few_count=count)
    low, high = found.change_interval
    assert (low[1], high[1]) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))
    assert (found.interval.low[2], found.interval.high[2]) == (1.0, 1.0)
    assert (low[2], high[2]) == (pytest.approx(1 - found.interval.high[1]), pytest.approx(1 - found.interval.low[1]))
    assert np.isnan([low[0], high[0]]).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_method_that_is_explained_cites_its_own_paper(name: str) -> None:
    """The first of the table; and a paper that a method cites is named as the method names it."""
    unit = units()[name]
    assert unit.rows[0].method in {source.method for source in unit.sources}
    known = {get_method(method).citation.identifier for method in METHODS}
    assert not [source for source in unit.sources if source.at in known and not source.method]
    assert all(source.link.startswith("https://arxiv.org/abs/") for source in unit.sources)


def test_a_claim_that_is_false_is_found() -> None:
    assert holds("a < 2", {"a": 1.0})
    assert not holds("a == b", {"a": 1.0, "b": 1.001})
    with pytest.raises(ValueError, match="no comparison"):
        holds("a is b", {})
    with pytest.raises(KeyError):
        holds("a < c", {"a": 1.0})


def test_files_ask_for_quantities_that_there_are() -> None:
    asked = {number["is"] for unit in COURSE for number in (*unit.numbers.values(), unit.check.number)}
    assert asked <= set(QUANTITIES)
    assert len(list(FOLDER.glob("*.toml"))) == len(COURSE)


def test_words_are_linked_in_every_form() -> None:
    assert linked("Rollouts of the policy") == [("Rollouts", "rollout"), (" of the ", ""), ("policy", "policy")]
    assert linked("creditable") == [("creditable", "")]
    assert all(word.means.endswith(".") for word in glossary().values())


def test_the_glossary_is_up_to_date() -> None:
    assert (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8") == document()


def test_a_source_and_its_method_name_one_place_of_the_paper() -> None:
    named = [
        (one, get_method(one.method).citation.where) for unit in units().values() for one in unit.sources if one.method
    ]
    stated = [(one.where, where) for one, where in named if where and re.match(r"(?:section|equations?) \d", one.where)]
    assert {where for _, where in stated} >= {"section 4.1.2", "section 4", "equations 3 and 4"}
    assert [pair for pair in stated if not re.match(rf"{pair[1]}\b", pair[0])] == []
