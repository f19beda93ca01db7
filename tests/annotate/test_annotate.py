"""Going on with recorded forests: what is read, what is drawn, what is written, what is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from asked import FORESTS, POLICY, Asked
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from toy import WORDS, ToyTask, toy_policy
from transformers import PreTrainedTokenizerFast

import treecore as tc
from treecore.annotate import Annotation, annotate, annotate_file
from treecore.core.batch import Forests
from treecore.core.columns import Status
from treecore.core.forest import Forest, TokenTable
from treecore.core.states import states_of
from treecore.errors import MethodError, PolicyError, TaskError
from treecore.policies import LoadOptions
from treecore.policies.local.detokenize import Detokenizer
from treecore.protocols import Part, Prompt
from treecore.rollouts import rollout
from treecore.tasks import get_task


def annotated(forests: list[Forest], kind: str = "monte_carlo", *, k: int = 3, **more: Any) -> list[Forest]:
    annotation = Annotation(kind, {"k": k}, **{"task": Asked(), "model": POLICY, **more})
    found = {one.provenance["annotations"][-1]["of"]: one for one in annotate(forests, annotation)}
    return [found[forest.digest] for forest in forests]


def test_every_step_that_goes_on_gets_a_value_and_no_other() -> None:
    for before, after in zip(FORESTS, annotated(FORESTS), strict=True):
        leaf = before.topology.is_leaf.copy()
        leaf[before.topology.roots[1:]] = True
        np.testing.assert_array_equal(np.isnan(after.columns["mc_value"]), leaf)
        assert set(after.columns["mc_count"][~leaf]) == {3}
        low, high = after.columns["mc_low"][~leaf], after.columns["mc_high"][~leaf]
        value = after.columns["mc_value"][~leaf]
        assert ((low <= value) & (value <= high)).all()
        pooled = states_of(Forests([after])).column("mc_count")
        assert pooled[0] == 3, "the prompt is one state, whatever the number of trees"
        assert after.with_columns(columns={}).digest == before.digest, "nothing else changes"


def test_kept_continuations_give_the_values_and_leave_the_recorded_steps_alone() -> None:
    plain, kept = annotated(FORESTS), annotated(FORESTS, keep=True)
    for before, values, after in zip(FORESTS, plain, kept, strict=True):
        n = len(before)
        for name, column in values.columns.items():
            np.testing.assert_array_equal(after.columns[name][:n], column)
        assert after.text[:n] == before.text
        assert after.node_id[:n] == before.node_id
        fresh = after.topology.is_leaf & (np.arange(len(after)) >= n)
        for row in np.flatnonzero(~np.isnan(values.columns["mc_value"])):
            starts = [
                leaf
                for leaf in np.flatnonzero(fresh)
                if max(one for one in after.topology.path(int(leaf)) if one < n) == row
            ]
            assert len(starts) == 3
            assert after.reward[starts].mean() == pytest.approx(values.columns["mc_value"][row])
        assert all(
            after.node_extra[row] == {"sampled_by": "policy", "sampled_for": "mc_value"} for row in range(n, len(after))
        )


def way(forest: Forest, leaf: int) -> tuple[str, ...]:
    return tuple(forest.text[row] + forest.observation[row] for row in forest.topology.path(leaf))


def test_continuations_are_those_of_the_policy_on_the_recorded_tokens() -> None:
    """At temperature 0 there is one way to go on, and it is the recorded one."""
    greedy = rollout(task=Asked(), model=POLICY, sampler="chains", prompts=3, m=1, seed=3, temperature=0.0)
    for before, after in zip(greedy, annotated(greedy, k=1, keep=True), strict=True):
        ways = {way(after, int(leaf)) for leaf in after.leaves}
        assert len(after.leaves) == 1 + int((~before.topology.is_leaf).sum())
        assert ways == {way(before, int(before.leaves[0]))}


def test_recorded_tokens_are_fed_once() -> None:
    for before, after in zip(FORESTS, annotated(FORESTS, k=1), strict=True):
        entry = after.provenance["annotations"][-1]
        inner = ~before.topology.is_leaf
        prompt = len(POLICY.encode_prompt(str(before.extra["input"])))
        recorded = prompt + int((before.n_model_tokens + before.n_obs_tokens)[inner].sum())
        assert entry["tokens_computed"] <= recorded + 2 * entry["tokens_generated"]
        assert entry["trajectories"] == int(inner.sum()) - (before.n_trees - 1)


def test_the_same_annotation_gives_the_same_numbers_in_any_company() -> None:
    together, alone = annotated(FORESTS), annotated(FORESTS[1:2])
    assert together[1].digest == alone[0].digest
    assert annotated(FORESTS, seed=1)[1].digest != alone[0].digest


def test_one_path() -> None:
    forest = FORESTS[0]
    leaf = int(forest.leaves[np.argmax(forest.topology.depth[forest.leaves])])
    (after,) = annotated([forest], node=str(forest.node_id[leaf]))
    path = forest.topology.path(leaf)
    assert set(np.flatnonzero(~np.isnan(after.columns["mc_value"]))) == set(path[:-1].tolist())


def test_differences_of_values_add_up_to_the_outcome_minus_the_prompt() -> None:
    for after in annotated(FORESTS):
        credit = tc.credit([after], "vineppo").nodes["credit"]
        prompt = after.columns["mc_value"][after.topology.roots[0]]
        for leaf in after.leaves:
            path = after.topology.path(int(leaf))
            assert credit[path[1:]].sum() == pytest.approx(after.reward[leaf] - prompt)


@pytest.mark.parametrize("method", ["spo_chain", "math_shepherd", "stepwiser", "omegaprm"])
def test_other_methods_run_on_the_values(method: str) -> None:
    credit = tc.credit(annotated(FORESTS), method, values="monte_carlo")
    assert np.isfinite(credit.nodes["credit"]).any()


def test_steps_that_were_cut_at_a_fork_are_gone_on_with_inside() -> None:
    cut = rollout(task=Asked(), model=POLICY, sampler="surprisal", prompts=2, seed=3)
    for before, after in zip(cut, annotated(cut, k=2, keep=True), strict=True):
        for leaf in after.leaves[after.leaves >= len(before)]:
            text = "".join(after.text[row] for row in after.topology.path(int(leaf)))
            assert text.count("!") <= 1
            assert not np.isnan(after.reward[leaf])
            steps = sum(text.count(mark) for mark in ToyTask.stop)
            assert steps <= ToyTask.max_steps


def test_an_open_leaf_is_gone_on_with() -> None:
    forest = FORESTS[0]
    leaf = int(forest.leaves[0])
    parent = int(forest.parent[leaf])
    keep = [row for row in range(len(forest)) if parent not in forest.topology.path(row)[:-1]]
    place = {row: number for number, row in enumerate(keep)}
    table = forest.tokens
    assert table is not None
    spans = np.concatenate([np.arange(table.start[row], table.start[row + 1]) for row in keep])
    sizes = np.diff(table.start)[keep]
    tokens = replace(
        table,
        start=np.concatenate([[0], np.cumsum(sizes)]),
        id=table.id[spans],
        part=table.part[spans],
        text=None,
        logprob=None,
        entropy=None,
        confidence=None,
    )
    status = np.full(len(keep), -1)
    status[place[parent]] = Status.OPEN
    shorter = Forest(
        parent=np.array([-1 if forest.parent[row] < 0 else place[int(forest.parent[row])] for row in keep]),
        text=[forest.text[row] for row in keep],
        observation=[forest.observation[row] for row in keep],
        reward=forest.reward[keep],
        status=status,
        tokens=tokens,
        id="s",
        prompt=forest.prompt,
        task="toy",
        policy=forest.policy,
        extra=forest.extra,
    )
    (after,) = annotated([shorter])
    assert not np.isnan(after.columns["mc_value"][place[parent]])


def test_first_errors() -> None:
    for before, after in zip(FORESTS, annotated(FORESTS, "first_error", k=2), strict=True):
        flags, value = after.columns.get("first_error"), after.columns.get("mc_value")
        wrong = [int(leaf) for leaf in before.leaves if before.reward[leaf] < 1]
        if not wrong:
            assert flags is None
            continue
        assert flags is not None
        for leaf in wrong:
            path = before.topology.path(leaf)[1:]
            assert (flags[path] == 1).any()
        for row in np.flatnonzero(flags == 1):
            assert before.topology.is_leaf[row] or value is None or np.isnan(value[row]) or value[row] == 0


def without_ids(forest: Forest) -> Forest:
    assert forest.tokens is not None
    return forest.with_columns(tokens=replace(forest.tokens, id=None))


@pytest.mark.parametrize(
    ("change", "more", "error", "said"),
    [
        (without_ids, {}, MethodError, "no token ids"),
        (lambda f: f.with_columns(task=""), {"task": None}, MethodError, "which task"),
        (lambda f: f.with_columns(task="nowhere"), {"task": None}, TaskError, "nowhere"),
        (lambda f: f.with_columns(policy={}), {"model": None}, MethodError, "which model"),
        (lambda f: f.with_columns(policy={"model": "./nowhere"}), {"model": None}, PolicyError, "no such folder"),
        (lambda f: f.with_columns(prompt="never asked"), {}, TaskError, "never asked"),
        (lambda f: f.with_columns(extra={"input": "b b b ?"}), {}, MethodError, "input for this question"),
        (lambda f: f.with_columns(reference="z"), {}, MethodError, "reference for this question"),
        (lambda f: f, {"node": "zzz"}, MethodError, "no node 'zzz'"),
        (
            lambda f: f.with_columns(policy={"model": "m", "endpoint": "chat"}),
            {"model": None},
            MethodError,
            "model 'm' wrote it behind a server, which cannot go on after recorded tokens",
        ),
    ],
)
def test_what_cannot_be_continued_is_refused(change: Any, more: dict[str, Any], error: type, said: str) -> None:
    with pytest.raises(error, match=said):
        annotated([change(FORESTS[0])], **more)


def test_a_model_that_changed_is_refused_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    other = FORESTS[0].with_columns(policy={**FORESTS[0].policy, "weights": "0"})
    monkeypatch.setattr("treecore.policies.loading.load_policy", lambda name, **how: POLICY)
    with pytest.raises(MethodError, match="other weights now"):
        annotated([other], model=None)
    (after,) = annotated([other])
    assert after.provenance["annotations"][-1]["policy"]["weights"] == POLICY.weights_digest


def test_a_model_is_loaded_in_the_numbers_that_it_computed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr("treecore.policies.loading.load_policy", lambda name, **how: asked.append(how) or POLICY)
    wrote = FORESTS[0].policy
    half = FORESTS[0].with_columns(policy={**wrote, "dtype": "bfloat16"})
    plain = FORESTS[1].with_columns(policy={name: wrote[name] for name in wrote if name != "dtype"})
    annotated([half, plain], model=None)
    annotated([half], model=None, load=LoadOptions(dtype="float32", batch_tokens=99, static=True))
    annotated([half], model="another")
    assert asked == [{"dtype": "bfloat16"}, {}, {"dtype": "float32", "batch_tokens": 99, "static": True}, {}]
    with pytest.raises(PolicyError, match="a dtype for a model that is loaded already; load it so"):
        annotated([half], load=LoadOptions(dtype="float32"))


def test_weights_that_differ_by_their_numbers_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    other = FORESTS[0].with_columns(policy={**FORESTS[0].policy, "weights": "0", "dtype": "bfloat16"})
    monkeypatch.setattr("treecore.policies.loading.load_policy", lambda name, **how: POLICY)
    with pytest.raises(
        MethodError, match=r"weights now as float32 than when it wrote .* as bfloat16; use --dtype bfloat16"
    ):
        annotated([other], model=None)


def test_forests_of_other_settings_are_gone_on_with_under_their_own(tmp_path: Path) -> None:
    path = tmp_path / "quiz.jsonl"
    path.write_text('{"prompt": "a b ?", "answer": "a"}\n{"prompt": "b a ?", "answer": "b"}\n')
    forests = [
        rollout(task=get_task(str(path), max_tokens=most, chat="off"), model=POLICY, sampler="chains", m=2)[0]
        for most in (2, 4)
    ]
    after = annotated(forests, task=str(path), keep=True)
    for most, forest in zip((2, 4), after, strict=True):
        for leaf in forest.leaves:
            assert sum(int(forest.n_model_tokens[row]) for row in forest.topology.path(int(leaf))) <= most


def test_a_setting_that_is_no_option_must_be_the_same() -> None:
    changed = FORESTS[0].with_columns(task="multihop", extra={"task_settings": {"depth": 3}})
    with pytest.raises(MethodError, match="the task has depth=None, not 3; use the task that it was sampled with"):
        annotated([changed], task=None)


def test_errors_name_the_file_the_forest_and_its_prompt() -> None:
    annotation = Annotation("monte_carlo", {"k": 1}, task=Asked(), model=POLICY, node="999", source="run.forest.jsonl")
    where = re.escape(f"run.forest.jsonl, forest {FORESTS[0].id!r} ({FORESTS[0].prompt!r}): there is no node '999'")
    with pytest.raises(MethodError, match=where):
        list(annotate(FORESTS, annotation))


class Unscored(Asked):
    """Its verifier fails."""

    def reward(self, prompt: Prompt, steps: Any) -> float:
        raise OSError("no judge")


def test_continuations_that_failed_are_told(tmp_path: Path) -> None:
    annotation = Annotation("monte_carlo", {"k": 2}, task=Unscored(), model=POLICY)
    summary = annotate_file(FORESTS[:2], tmp_path / "o.forest.jsonl", annotation)
    assert summary.failed == summary.continuations > 0
    assert summary.first_failure.startswith(f"forest {FORESTS[0].id!r} ({FORESTS[0].prompt!r}): the verifier of task")
    assert "OSError: no judge" in summary.first_failure
    fine = Annotation("monte_carlo", {"k": 2}, task=Asked(), model=POLICY)
    fine_summary = annotate_file(FORESTS[:1], tmp_path / "f.forest.jsonl", fine)
    assert (fine_summary.failed, fine_summary.first_failure) == (0, "")


def test_settings_are_checked() -> None:
    with pytest.raises(MethodError, match="no annotation 'judge'; known: branches, first_error, monte_carlo"):
        Annotation("judge", {})
    with pytest.raises(MethodError, match="k='0'"):
        Annotation("monte_carlo", {"k": "0"})
    with pytest.raises(MethodError, match="seed=-1"):
        Annotation("monte_carlo", {}, seed=-1)


def test_progress_ends_at_its_total() -> None:
    reports: list[tuple[int, int, int]] = []
    annotation = Annotation("monte_carlo", {"k": 2}, task=Asked(), model=POLICY)
    warmer = [FORESTS[2].with_columns(policy={**FORESTS[2].policy, "temperature": 0.5})]
    list(
        annotate(
            [*FORESTS[:2], *warmer],
            annotation,
            on_progress=lambda one: reports.append((one.done, one.total, one.forests)),
        )
    )
    assert reports[-1][0] == reports[-1][1]
    assert reports[-1][2] == 3
    assert all(done <= total for done, total, _ in reports)


def test_an_observation_without_token_ids_is_refused() -> None:
    forest = next(one for one in FORESTS if any(one.observation))
    assert forest.tokens is not None
    table, own = forest.tokens, forest.tokens.part != Part.OBSERVATION
    counts = np.array([own[start:end].sum() for start, end in pairwise(table.start)])
    columns = {name: getattr(table, name)[own] for name in ("id", "logprob", "entropy", "confidence", "part")}
    text = [piece for piece, kept in zip(table.text, own, strict=True) if kept]
    lacking = forest.with_columns(tokens=TokenTable(np.concatenate([[0], counts.cumsum()]), text=text, **columns))
    with pytest.raises(MethodError, match="what the environment answered has no token ids"):
        annotated([lacking])


def test_a_model_with_other_tokens_is_refused() -> None:
    words = dict(zip(WORDS, (*WORDS[:6], *WORDS[:5:-1]), strict=True))
    other = toy_policy()
    other.tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(WordLevel({words[word]: place for place, word in enumerate(WORDS)}, "<unk>"))
    )
    other.detokenizer = Detokenizer(other.tokenizer)
    with torch.no_grad():
        next(other.model.parameters()).add_(1e-3)
    with pytest.raises(MethodError, match="are other tokens to this model; name a model with the same tokenizer"):
        annotated(FORESTS, model=other)
    small = toy_policy()
    small.model.config.vocab_size = 3
    with torch.no_grad():
        next(small.model.parameters()).add_(1e-3)
    with pytest.raises(MethodError, match="are other tokens to this model"):
        annotated(FORESTS, model=small)


def test_a_forest_whose_prompt_is_too_long_is_left_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    long = replace(FORESTS[0], prompt="too long", extra={**FORESTS[0].extra, "input": "a " * 200})

    class Long(Asked):
        def ask(self, question: str) -> Prompt:
            return Prompt("long", "a " * 200, question, "a") if question == "too long" else super().ask(question)

    after = annotated([long, FORESTS[1]], task=Long())
    assert "mc_value" not in after[0].columns
    assert after[0].provenance["annotations"][-1]["trajectories"] == 0
    assert "mc_value" in after[1].columns
    assert "is left as it is: the prompt has 200 tokens" in caplog.messages[0]


def test_a_root_that_is_a_step_is_refused() -> None:
    forest = FORESTS[0].with_columns(text=("7", *FORESTS[0].text[1:]))
    with pytest.raises(MethodError, match=r"a root with text is a step.*put an empty root before it"):
        annotated([forest])
