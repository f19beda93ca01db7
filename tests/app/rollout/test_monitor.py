"""What a rollout shows at each point of its life, from jobs made here; nothing is sampled in the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import treecore as tc
from app import chrome, stage
from app.rollout import worker
from app.rollout.job_queue import Job, Phase
from app.rollout.monitor import LOOKS, STARTING_LOOK, WAITING_LOOK, Moment, moment, standing
from app.rollout.request import JobProgress, Model, Request
from app.rollout.visitor_jobs import QUEUE
from treecore.bundled import samples
from treecore.core.columns import Status

MAIN = str(Path(__file__).parents[3] / "app" / "main.py")


def forest(name: str) -> Any:
    return tc.read(samples()[name].path)[0]


def page(job: Job) -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=60)
    test.query_params["view"] = "rollout"
    test.session_state["job"] = job
    test.run()
    assert not test.exception
    return test


def job(phase: Phase, **fields: Any) -> Job:
    return Job(run=lambda job: None, title="a question", phase=phase, **fields)


def labels(test: AppTest) -> set[str]:
    return {one.label for one in test.button}


def failed(of: Any) -> Any:
    """The forest with its first leaf failed."""
    leaf = int(of.leaves[0])
    status, reward = of.status.copy(), of.reward.copy()
    status[leaf], reward[leaf] = Status.FAILED, np.nan
    extra = {**of.node_extra, leaf: {"error": "the server answers 500", "failed_by": "policy"}}
    return of.with_columns(status=status, reward=reward, node_extra=extra)


@pytest.mark.parametrize(("steps", "pace"), [(9, 0.4), (900, 1.0), (5000, 2.0)])
def test_larger_trees_are_looked_at_less_often(steps: int, pace: float) -> None:
    grown = JobProgress(1, 2, 3, 1.0, ([None] * steps,))  # type: ignore[arg-type]
    assert moment(job(Phase.RUNNING, progress=grown)) == Moment(Phase.RUNNING, True, pace)
    assert pace in {seconds for _, seconds in LOOKS}


def test_a_run_that_begins_is_looked_at_more_often_than_one_that_waits() -> None:
    assert moment(job(Phase.WAITING)) == Moment(Phase.WAITING, False, WAITING_LOOK)
    assert moment(job(Phase.RUNNING)) == Moment(Phase.RUNNING, False, STARTING_LOOK)


def test_while_a_model_loads_the_page_says_so_and_explains_the_sampler() -> None:
    test = page(job(Phase.RUNNING, begins="loading the model"))
    assert any("Grow your own trees" in one.value for one in test.markdown)
    assert "Cancel" in labels(test)


def test_while_a_run_is_under_way_no_other_begins_and_the_button_keeps_the_focus() -> None:
    running = job(Phase.RUNNING)
    test = page(running)
    grow = next(one for one in test.button if one.label == "Grow trees")
    assert not grow.disabled
    grow.click().run()
    assert [one.value for one in test.toast if "A run is under way" in one.value]
    assert test.session_state["job"] is running


@pytest.mark.parametrize("phase", [Phase.DONE, Phase.CANCELLED, Phase.FAILED])
def test_when_a_run_is_over_another_can_begin(phase: Phase) -> None:
    test = page(job(phase, error="it broke" if phase is Phase.FAILED else ""))
    grow = next(one for one in test.button if one.label == "Grow trees")
    assert not grow.disabled
    assert "Cancel" not in labels(test)


def test_what_a_cancelled_run_had_written_can_be_opened() -> None:
    grown = JobProgress(3, 7, 99, 1.0, (forest("late_fork"),))
    test = page(job(Phase.CANCELLED, progress=grown, result=[]))
    next(one for one in test.button if one.label == "Open in Explore").click().run()
    assert test.session_state["opened"].title == "rollout, cancelled: a question"
    assert test.session_state["view"] == "explore"


def test_one_can_go_back_to_what_was_opened_and_forward_again() -> None:
    test = page(job(Phase.DONE, result=[forest("late_fork")]))
    next(one for one in test.button if one.label == "Open in Explore").click().run()
    key = test.session_state["opened"].key

    def go_to(**address: str) -> None:
        test.query_params.clear()
        for name, value in address.items():
            test.query_params[name] = value
        test.session_state["written_at"] = 0.0
        test.run()
        assert not test.exception
        assert not test.warning

    go_to(view="explore", sample="by_hand")
    assert test.session_state["opened"].sample == "by_hand"
    go_to(view="explore", file=key[:12])
    assert test.session_state["opened"].key == key


def test_a_page_that_is_loaded_again_finds_its_run() -> None:
    done = job(Phase.DONE, result=[forest("late_fork")])
    test = page(done)
    assert test.query_params["run"] == done.name
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QUEUE, "find", {done.name: done}.get)
        again = AppTest.from_file(MAIN, default_timeout=60)
        again.query_params["view"], again.query_params["run"] = "rollout", done.name
        again.run()
        assert again.session_state["job"] is done
        other = AppTest.from_file(MAIN, default_timeout=60)
        other.query_params["view"], other.query_params["run"] = "rollout", "no-such-run"
        other.run()
        assert "job" not in other.session_state
        assert "run" not in other.query_params


def test_failures_are_told() -> None:
    test = page(job(Phase.DONE, result=[failed(forest("late_fork"))]))
    (said,) = [one.value for one in test.warning]
    assert said.startswith("`1 of 6 trajectories failed, the first")
    assert "the server answers 500" in said


def test_every_prompt_can_be_looked_at() -> None:
    two = [forest("late_fork"), forest("early_fork")]
    test = page(job(Phase.DONE, result=two))
    assert two[0].prompt in {one.value for one in test.text}
    assert "prompt 1 of 2" in {one.value for one in test.caption}
    next(one for one in test.button if one.label == "Next prompt").click().run()
    assert two[1].prompt in {one.value for one in test.text}
    assert next(one for one in test.button if one.label == "Next prompt").disabled


def test_so_it_can_be_in_explore() -> None:
    two = [forest("late_fork"), forest("early_fork")]
    test = page(job(Phase.DONE, result=two))
    next(one for one in test.button if one.label == "Open in Explore").click().run()
    next(one for one in test.button if one.label == "Next prompt").click().run()
    assert not test.exception
    assert two[1].prompt in {one.value for one in test.text}
    assert test.session_state["forest"] == 1


def test_a_biased_sampler_is_called_so() -> None:
    test = page(job(Phase.DONE, result=[forest("mcts")]))
    assert any("Biased" in one.value for one in test.caption)


def test_what_a_server_is_waited_for_is_told_as_plain_text() -> None:
    waiting = "1 request waits for the server, next try in 290 s (the server answers 429: *slow* [down](http://x))"
    shown = standing(job(Phase.RUNNING), JobProgress(1, 8, 0, 3.0, (), waiting))
    assert shown.startswith("1 of 8 trajectories · 1 request waits for the server, next try in 290 s")
    assert shown.endswith("*slow* [down](http://x))")
    assert standing(job(Phase.DONE), JobProgress(1, 8, 0, 3.0, (), waiting)) == "1 trajectory · done"


@pytest.mark.parametrize(
    ("sampler", "settings", "so_far"),
    [
        ("mcts", {"simulations": 6, "rollouts": 2}, r"\d+ (trajectory|trajectories) so far( ·|$)"),
        ("monte_carlo", {}, r"\d+ of at least \d+ trajectories( ·|$)"),
        ("fixed_width", {"k": 3, "widths": "3,2"}, r"\d+ of at most \d+ trajectories( ·|$)"),
        ("random_expansion", {}, r"\d+ of 6 trajectories( ·|$)"),
    ],
)
def test_trajectories_are_one_count_while_they_grow_and_after(
    sampler: str, settings: dict[str, Any], so_far: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, JobProgress]] = []
    report = worker.Reporter.report

    def watched(self: Any, progress: Any) -> None:
        report(self, progress)
        told.append((standing(run, run.progress), run.progress))

    monkeypatch.setattr(worker.Reporter, "report", watched)
    run = job(Phase.RUNNING)
    run.result = worker.run(run, Request("multihop", sampler, Model("tiny"), "", 1, 0, 1.0, settings))
    assert [said for said, _ in told if not re.match(so_far, said)] == []
    assert ("left" in told[-1][0]) is (sampler != "mcts"), "how long a search will go on is not known"
    counts = [grown.done for _, grown in told]
    assert counts == sorted(counts)
    (grown,) = run.result
    run.phase = Phase.DONE
    assert counts[-1] == len(grown.leaves)
    assert standing(run, run.progress).startswith(f"{counts[-1]} trajectories · ")
    assert f"· {counts[-1]} trajectories, " in chrome.provenance(grown)
    assert [f"{counts[-1]} trajectories" in one.value for one in page(run).caption].count(True) == 1


def test_a_long_prompt_of_a_run_is_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    def page() -> None:
        import numpy as np

        from app.rollout import monitor
        from treecore.core.forest import Forest

        asked = "a long question, line by line\n" * 60
        monitor.show([Forest(parent=np.array([-1]), prompt=asked, id="a")], live=True)

    monkeypatch.setattr(stage, "trees", lambda *given, **more: None)
    test = AppTest.from_function(page).run()
    assert not test.exception
    assert [one.label for one in test.expander] == ["The whole prompt"]
    assert len(test.text[0].value.splitlines()) < 10
