"""Both sides of the rollout benchmark do the same work, and what it says about that work is right."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from toy import toy_model
from transformers import PreTrainedTokenizerFast

from treecore.bench import rollout as bench
from treecore.bench.measure import Spent
from treecore.bench.rollout import bench_rollout
from treecore.bench.rollout_count import bandwidth, count_rows, ratios, speeds
from treecore.bench.rollout_generate import Row, Setup
from treecore.bench.rollout_model import model_facts, random_policy
from treecore.bench.rollout_sides import SIDES, Share, Sides, Trial, Work, shares_of
from treecore.cli import main
from treecore.errors import MethodError
from treecore.policies import load_policy
from treecore.policies.local.policy import TransformersPolicy
from treecore.samplers import get_sampler

SMALL = {
    "num_hidden_layers": "2",
    "hidden_size": "32",
    "num_attention_heads": "4",
    "num_key_value_heads": "2",
    "intermediate_size": "48",
    "vocab_size": "300",
    "max_position_embeddings": "128",
}
WORK = Work(prompts=3, settings={"m": 2, "n": 1, "l": 1}, max_new=24, repeats=1)


@pytest.fixture(scope="module")
def tiny() -> Any:
    return load_policy("tiny", device="cpu")


@pytest.fixture(scope="module")
def random_small() -> Any:
    return random_policy(config=SMALL, device="cpu", dtype=None, seed=0, options={})


@pytest.fixture(scope="module")
def told() -> list[tuple[str, int, int]]:
    return []


@pytest.fixture(scope="module")
def document(told: list[tuple[str, int, int]]) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("treecore.bench.rollout_sides.processes", lambda: 2)
        return bench_rollout(WORK, device="cpu", on_progress=lambda *step: told.append(step))


def sides(policy: Any, work: Work) -> Sides:
    sampler = get_sampler(work.sampler)
    return Sides(policy, work, sampler.parse(work.settings), sampler.trajectories(work.settings))


@contextmanager
def seen(model: Any) -> Iterator[list[tuple[int, int]]]:
    """Shapes of what goes into the model, as the model sees them."""
    shapes: list[tuple[int, int]] = []
    hook = model.register_forward_pre_hook(
        lambda _, args, kwargs: shapes.append(tuple(kwargs["input_ids"].shape)), with_kwargs=True
    )
    yield shapes
    hook.remove()


def test_all_sides_give_as_many_trajectories(document: dict[str, Any]) -> None:
    assert list(document["sides"]) == list(SIDES)
    assert [row["trajectories"] for row in document["sides"].values()] == [12, 12, 12]
    assert document["settings"]["trajectories_per_prompt"] == 4


def test_the_document_is_whole(document: dict[str, Any]) -> None:
    assert {"torch", "transformers", "processor", "cpu_count", "device", "device_name"} <= document["machine"].keys()
    assert json.loads(json.dumps(document)) == document
    for row in document["sides"].values():
        numbers = [value for value in row.values() if isinstance(value, int | float)]
        assert len(numbers) >= 15
        assert all(math.isfinite(value) and value >= 0 for value in numbers)
        assert row["share_of_bandwidth"] is None
    tried = {tuple(one.values())[:3] for one in document["generate_tried"] if one["chosen"]}
    assert tuple(document["all_cores"]["generate"].values()) in tried
    assert any(threads == 1 for _, threads, _ in tried)
    assert document["memory"]["bytes_per_second"] > 0
    assert len(document["conditions"]) >= 5


def test_all_cores_do_the_same_work(document: dict[str, Any]) -> None:
    wide = document["all_cores"]
    assert (document["share"], wide["processes"]) == ("one core", 2)
    for name in ("tree", "chains"):
        one, all_cores = document["sides"][name], wide["sides"][name]
        assert {key for key in one if one[key] != all_cores[key]} <= {
            key for key in one if "second" in key or key == "runs"
        }
    assert {name: len(row["runs"]) for name, row in wide["sides"].items()} == {"tree": 1, "chains": 1, "generate": 2}
    assert wide["ratio"].keys() == document["ratio"].keys()


def test_everything_that_takes_time_is_told(document: dict[str, Any], told: list[tuple[str, int, int]]) -> None:
    steps = told[1:]
    assert [done for _, done, _ in steps] == list(range(len(steps)))
    assert {total for _, _, total in steps} == {len(steps)}
    assert told[0] == ("loading the model", 0, 1)
    assert len({what for what, _, _ in steps}) > 10


def test_no_round_begins_when_it_has_taken_long(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "LONG_SECONDS", -1.0)
    monkeypatch.setattr("treecore.bench.rollout_sides.processes", lambda: 1)
    found = bench_rollout(replace(WORK, repeats=5, rows=4), device="cpu")
    assert len(found["sides"]["tree"]["runs"]) == 1
    assert found["all_cores"] is None


def test_shares_of_the_machine(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treecore.bench.rollout_sides.processes", lambda: 8)
    assert shares_of(tiny, 64) == [Share("one core", 1, (1,)), Share("all cores", 8, (8,))]
    assert shares_of(tiny, 3)[1] == Share("all cores", 3, (3,))
    monkeypatch.setattr(tiny, "one_core", False)
    assert shares_of(tiny, 64) == [Share("machine", None, (None,))]


def test_generate_runs_in_the_fastest_way_that_a_share_allows(tiny: Any) -> None:
    one = sides(tiny, WORK)
    runs = {(32, 1): Spent(9.0, 9.0), (64, 1): Spent(7.0, 8.0), (64, 2): Spent(5.0, 14.0), (96, 2): None}
    for (rows, number), spent in runs.items():
        setup = Setup(rows, number)
        one.trials[setup] = Trial(setup, spent, {}, None if spent else "no memory")
    assert one.best(Share("one core", 1, (1,))).setup == Setup(64, 1)
    assert one.best(Share("all cores", 2, (2,))).setup == Setup(64, 2)
    one.trials[Setup(64, 2)].spent = Spent(5.0, 17.0)
    assert one.best(Share("all cores", 2, (2,))).setup == Setup(64, 1)
    one.trials = {Setup(96, 2): one.trials[Setup(96, 2)]}
    with pytest.raises(MethodError, match="generate cannot be run: no memory"):
        one.best(Share("all cores", 2, (2,)))


@pytest.mark.parametrize("name", SIDES)
def test_passes_and_positions_are_those_that_the_model_sees(tiny: Any, name: str) -> None:
    one = sides(tiny, WORK)
    with seen(tiny.model) as shapes:
        counted = one.count(name)
    assert counted["passes"] == len(shapes)
    assert counted["positions"] == sum(rows * width for rows, width in shapes)
    assert counted["tokens_computed"] <= counted["positions"]
    assert "session" not in vars(tiny)


@pytest.mark.parametrize("name", ["tree", "chains"])
def test_tokens_of_the_engine_are_those_of_its_forests(tiny: Any, name: str) -> None:
    one = sides(tiny, WORK)
    counted = one.count(name)
    forests = one.grow(name)
    prompts = sum(map(len, one.prompt_ids))
    drawn = sum(forest.tokens.total for forest in forests)
    paths = [
        sum(len(forest.tokens.id[forest.tokens.start[row] : forest.tokens.start[row + 1]]) for row in path)
        for forest in forests
        for path in (forest.topology.path(int(leaf)) for leaf in forest.leaves)
    ]
    assert counted["tokens_sampled"] == drawn
    assert counted["tokens_computed"] == prompts + drawn - len(paths)
    assert counted["tokens_in_trajectories"] == sum(paths)
    assert max(paths) <= WORK.max_new
    assert counted["ended_by_length"] == paths.count(WORK.max_new)


def test_separate_answers_read_the_cache_as_often_as_those_of_generate(random_small: Any) -> None:
    work = Work(prompts=2, settings={"m": 3, "n": 0}, steps="tokens:4", stop=(), max_new=9, repeats=1)
    one = sides(random_small, work)
    engine, generate = one.count("chains"), one.count("generate")
    prompts = sum(map(len, one.prompt_ids))
    assert [row["tokens_in_trajectories"] for row in (engine, generate)] == [54, 54]
    assert [row["ended_by_length"] for row in (engine, generate)] == [6, 6]
    assert generate["tokens_computed"] == 3 * prompts + 48
    assert engine["tokens_computed"] == prompts + 48
    assert generate["cache_reads"] - engine["cache_reads"] == 2 * prompts
    assert generate["cache_reads"] == sum(3 * sum(n + k for k in range(9)) for n in map(len, one.prompt_ids))


def test_branches_share_what_chains_draw_apart(random_small: Any) -> None:
    work = Work(prompts=2, settings={"m": 1, "n": 3, "l": 1}, steps="tokens:4", stop=(), max_new=16, repeats=1)
    one = sides(random_small, work)
    tree, chains = one.count("tree"), one.count("chains")
    assert tree["tokens_in_trajectories"] == chains["tokens_in_trajectories"] == 8 * 16
    assert tree["tokens_sampled"] < chains["tokens_sampled"]
    assert tree["cache_reads"] < chains["cache_reads"]


def test_generate_ends_rows_as_the_engine_does(tiny: Any) -> None:
    one = sides(tiny, Work(prompts=4, settings={"m": 4, "n": 0}, max_new=60))
    drawn = one.generate.run(Setup(rows=8, threads=1))
    end = tiny.encode("</answer>")
    assert len(drawn.rows) == 16
    for row in drawn.rows:
        assert len(row.ids) == 60 or row.ids[-1:] == tuple(end) or row.ids[-1] in tiny.end_ids
        assert not set(row.ids[:-1]) & {*end, *tiny.end_ids}
    assert any(len(row.ids) < 60 for row in drawn.rows)


def letters() -> Any:
    """A random model whose tokens are the letters a to k."""
    names = ("<eos>", *"abcdefghijk")
    backend = Tokenizer(BPE({name: place for place, name in enumerate(names)}, []))
    backend.pre_tokenizer, backend.decoder = ByteLevel(add_prefix_space=False), ByteLevelDecoder()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<eos>")
    return TransformersPolicy(toy_model(), tokenizer, name="letters")


@pytest.mark.parametrize("side", ["engine", "generate"])
def test_a_stop_string_of_several_tokens_ends_a_trajectory(side: str) -> None:
    policy = letters()
    work = Work(prompts=1, settings={"m": 16, "n": 0}, steps="whole", stop=("af", "di"), max_new=40)
    one = sides(policy, work)
    if side == "engine":
        texts = [text for forest in one.grow("chains") for text in forest.text if text]
    else:
        rows = one.generate.run(Setup(rows=16, threads=1)).rows
        texts = [policy.tokenizer.decode([token for token in row.ids if token]) for row in rows]
    assert len(texts) == 16
    assert sum(text.endswith(("af", "di")) for text in texts) >= 3
    assert all(stop not in text[:-1] for text in texts for stop in ("af", "di"))
    assert any(len(text) < 40 for text in texts)


def test_generate_draws_by_the_law_alone_and_leaves_the_model_as_it_was(tiny: Any) -> None:
    tiny.model.generation_config.repetition_penalty, before = 50.0, tiny.model.generation_config
    state = torch.random.get_rng_state()
    one = sides(tiny, WORK)
    try:
        penalised = one.generate.run(Setup(rows=4, threads=1))
        tiny.model.generation_config.repetition_penalty = 1.0
        assert penalised == one.generate.run(Setup(rows=4, threads=1))
        assert tiny.model.generation_config is before
    finally:
        before.repetition_penalty = 1.0
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_row_computes_all_but_its_last_token() -> None:
    counted = count_rows([Row(5, (7, 8, 9)), Row(5, (7,))], max_new=3)
    assert (counted.tokens_sampled, counted.tokens_computed, counted.ended_by_length) == (4, 12, 1)
    assert counted.cache_reads == 5 + 6 + 7 + 5


def test_speeds_and_ratios() -> None:
    row = {"trajectories": 10, "tokens_in_trajectories": 40, "tokens_sampled": 30, "tokens_computed": 20}
    fast, slow = speeds(row, [Spent(2.0, 1.0), Spent(1.0, 3.0)]), speeds(row, [Spent(4.0, 4.0)])
    assert (fast["trajectories_per_second"], fast["tokens_computed_per_second"], fast["cpu_seconds"]) == (10, 20, 1)
    found = ratios({"tree": fast, "chains": slow, "generate": slow})
    assert found["tree_to_generate"] == {"wall": 4.0, "cpu": 4.0}
    assert found["chains_to_generate"] == {"wall": 1.0, "cpu": 1.0}


def test_share_of_bandwidth() -> None:
    facts = {"weight_bytes": 1 << 30, "cache_bytes_per_token": 1 << 10}
    row = {"passes": 3, "cache_reads": 1 << 20, "seconds": 2.0}
    assert bandwidth(row, facts=facts, memory={"bytes_per_second": float(4 << 30)})["share_of_bandwidth"] == 0.5
    small = {**facts, "weight_bytes": 1 << 20}
    assert bandwidth(row, facts=small, memory={"bytes_per_second": 1.0})["share_of_bandwidth"] is None


def test_bytes_of_a_model(tiny: Any, random_small: Any) -> None:
    facts = model_facts(tiny)
    assert (facts["parameters"], facts["weight_bytes"]) == (1_810_560, 4 * 1_810_560)
    assert facts["cache_bytes_per_token"] == 2 * 4 * 6 * 32 * 4
    untied = random_policy(
        config={**SMALL, "tie_word_embeddings": "false"}, device="cpu", dtype=None, seed=0, options={}
    )
    own = model_facts(untied)
    assert own["weight_bytes"] == 4 * (own["parameters"] - 300 * 32) == model_facts(random_small)["weight_bytes"]
    assert own["cache_bytes_per_token"] == 2 * 2 * 2 * 8 * 4


def test_equal_seeds_give_equal_random_weights(random_small: Any) -> None:
    same = random_policy(config=SMALL, device="cpu", dtype=None, seed=0, options={})
    other = random_policy(config=SMALL, device="cpu", dtype=None, seed=1, options={})
    assert same.weights_digest == random_small.weights_digest != other.weights_digest


def test_a_sampler_without_a_known_number_is_refused() -> None:
    from treecore.samplers import SAMPLERS

    name = next(name for name, sampler in SAMPLERS.items() if sampler.open_ended)
    with pytest.raises(MethodError, match="how many trajectories"):
        bench_rollout(Work(sampler=name))


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command(as_json: bool) -> None:
    sizes = ["--prompts", "2", "--set", "m=2", "--set", "n=1", "--max-new", "16", "--steps", "tokens:4"]
    config = [part for name, value in SMALL.items() for part in ("--config", f"{name}={value}")]
    asked = ["--random-config", *config, *sizes, "--device", "cpu", "--repeats", "1", *(["--json"] if as_json else [])]
    result = CliRunner().invoke(main, ["bench", "rollout", *asked], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    if as_json:
        found = json.loads(result.stdout)
        assert found["settings"]["steps"] == "tokens:4"
        assert {row["ended_by_length"] for row in found["sides"].values()} == {8}
    else:
        assert all(f"| {name} |" in result.stdout for name in SIDES)
        assert "tree / generate: " in result.stdout


def test_fields_without_a_random_model_are_refused() -> None:
    result = CliRunner().invoke(main, ["bench", "rollout", "--config", "hidden_size=8"])
    assert result.exit_code == 2
    assert "--random-config" in result.output
