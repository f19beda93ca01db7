"""A real, short run of TRL's GRPOTrainer on the bundled model, recorded by the hook."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import treecore as tc
from treecore.bundled import PACKAGE
from treecore.formats import read
from treecore.hooks import record_rewards
from treecore.tasks import get_task

STEPS = 2


def has_a_digit(prompts: list[str], completions: list[str], **columns: object) -> list[float]:
    return [float(any(character.isdigit() for character in text)) for text in completions]


def brief(prompts: list[str], completions: list[str], **columns: object) -> list[float | None]:
    return [None if not text else -0.01 * len(text) for text in completions]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run: `recorded.forest.jsonl` from the hook, `completions/` from TRL itself."""
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    folder = tmp_path_factory.mktemp("trl")
    questions = [prompt.text for prompt in get_task("countdown").prompts(4, seed=0)]
    config = GRPOConfig(
        output_dir=str(folder),
        max_steps=STEPS,
        per_device_train_batch_size=8,
        num_generations=4,
        max_completion_length=12,
        logging_steps=1,
        log_completions=True,
        report_to="none",
        use_cpu=True,
        bf16=False,
        save_strategy="no",
        disable_tqdm=True,
        seed=3,
    )
    trainer = GRPOTrainer(
        model=str(PACKAGE / "tiny" / "weights"),
        reward_funcs=record_rewards([has_a_digit, brief], folder / "recorded.forest.jsonl"),
        args=config,
        train_dataset=Dataset.from_dict({"prompt": questions}),
    )
    trainer.train()
    return folder


def test_the_hook_and_the_trainers_own_log_say_the_same(run: Path) -> None:
    recorded, logged = read(run / "recorded.forest.jsonl"), read(run / "completions")
    assert len(recorded) == len(logged) == 2 * STEPS
    ours = {
        (forest.prompt, text): reward
        for forest in recorded
        for text, reward in zip(forest.text, forest.reward, strict=True)
    }
    for forest in logged:
        for text, reward in zip(forest.text, forest.reward, strict=True):
            assert ours[forest.prompt, text] == pytest.approx(reward, abs=1e-5)


def test_token_ids_are_those_of_the_completions(run: Path) -> None:
    for forest in read(run / "recorded.forest.jsonl"):
        assert forest.tokens is not None
        assert forest.tokens.id is not None
        assert (np.diff(forest.tokens.start) > 0).all()
        assert set(forest.columns) == {"reward.has_a_digit", "reward.brief"}


def test_what_the_trainer_made_of_the_rewards_is_what_the_method_gives(run: Path) -> None:
    logged = read(run / "completions")
    for forest in logged:
        claim = forest.claimed["advantage"][forest.leaves]
        if np.ptp(forest.reward[forest.leaves]) > 0:
            credit = tc.credit(forest, "grpo").leaves["advantage"][forest.leaves]
            assert np.corrcoef(claim, credit)[0, 1] == pytest.approx(1.0, abs=1e-3)
