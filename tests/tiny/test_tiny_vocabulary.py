from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from transformers import PreTrainedTokenizerFast

from treecore.protocols import Prompt, Step
from treecore.tasks import get_task
from treecore.tasks.countdown import arithmetic
from treecore.tasks.countdown import task as countdown
from treecore.tasks.multihop import questions
from treecore.tasks.multihop import task as multihop
from treecore.tiny import demo_countdown, demo_multihop
from treecore.tiny.batches import IGNORED, Stream, collate
from treecore.tiny.vocabulary import build_tokenizer

DEMONSTRATORS = {"multihop": demo_multihop.Demonstrator, "countdown": demo_countdown.Demonstrator}


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return build_tokenizer()


def words_of(prompt: Prompt, steps: Sequence[Step]) -> str:
    return " ".join([prompt.text, *(part for step in steps for part in (step.text, step.observation) if part)])


def assert_known(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    ids = tokenizer(text)["input_ids"]
    assert tokenizer.unk_token_id not in ids, text
    assert tokenizer.decode(ids) == " ".join(word for word in text.split(" ") if word)


@pytest.mark.parametrize("name", sorted(DEMONSTRATORS))
def test_gold_and_demonstrations_round_trip_without_unknown_words(
    name: str, tokenizer: PreTrainedTokenizerFast
) -> None:
    task, demonstrator = get_task(name), DEMONSTRATORS[name](random.Random(1))
    for prompt in task.prompts(100, seed=2):
        assert_known(tokenizer, words_of(prompt, task.gold(prompt)))
        assert_known(tokenizer, words_of(prompt, demonstrator.trajectory(prompt)))


def test_every_fixed_text_of_the_environments_is_known(tokenizer: PreTrainedTokenizerFast) -> None:
    rules = [
        arithmetic.WRONG_RESULT,
        arithmetic.TOO_LARGE,
        arithmetic.NOT_LEFT,
        arithmetic.WRONG_LEFT,
        arithmetic.START_OVER,
    ]
    for text in [multihop.CORRECTION, multihop.NOTHING_FOUND, *rules]:
        assert_known(tokenizer, text)
    for question in questions.all_questions()[::50]:
        assert_known(tokenizer, question.text)


def test_numbers_in_range_of_ask_are_known(tokenizer: PreTrainedTokenizerFast) -> None:
    for number in {*countdown.ASK_NUMBERS, *countdown.ASK_TARGETS}:
        assert len(tokenizer(str(number))["input_ids"]) == 1
        assert_known(tokenizer, str(number))


def test_tags_and_line_ends_need_no_spaces(tokenizer: PreTrainedTokenizerFast) -> None:
    glued = tokenizer("?<think>find</think><search>paul boss</search>21\n4")["input_ids"]
    assert tokenizer.decode(glued) == "? <think> find </think> <search> paul boss </search> 21 \n 4"


def test_control_tokens(tokenizer: PreTrainedTokenizerFast) -> None:
    control = [tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id]
    assert control == [0, 1, 2, 3]
    assert tokenizer("notaword")["input_ids"] == [3]


def test_training_never_sees_held_out_prompts(tokenizer: PreTrainedTokenizerFast) -> None:
    stream = Stream(tokenizer.get_vocab(), bos=1, eos=2, seed=0)
    assert not any(question.held_out for pool in stream.questions for question in pool)
    assert not any(countdown.held_out(puzzle) for pool in stream.puzzles.values() for puzzle in pool)
    held_out = {prompt.text for name in DEMONSTRATORS for prompt in get_task(name).prompts(300, seed=0)}
    seen = {tokenizer.decode(stream.example().ids) for _ in range(300)}
    assert not any(text.startswith(prompt) for prompt in held_out for text in seen)


def test_only_what_the_model_writes_is_learned(tokenizer: PreTrainedTokenizerFast) -> None:
    stream = Stream(tokenizer.get_vocab(), bos=1, eos=2, seed=0)
    task = get_task("multihop")
    prompt = task.prompts(1, seed=0)[0]
    gold = task.gold(prompt)
    example = stream.encode(prompt, gold)
    learned = [label for label in example.labels if label != IGNORED]
    assert tokenizer.decode(learned) == " ".join([*(step.text for step in gold), "<eos>"])
    batch = collate([example, stream.encode(prompt, gold[-1:])], pad=0)
    assert batch.input_ids.shape == batch.labels.shape == (2, len(example.ids))
    assert (batch.labels[1, batch.input_ids[1] == 0] == IGNORED).all()


def test_practice_teaches_only_right_results(tokenizer: PreTrainedTokenizerFast) -> None:
    example = Stream(tokenizer.get_vocab(), bos=1, eos=2, seed=0).practice()
    lines = tokenizer.decode(example.ids[1:]).split("\n")[:-1]
    moves = [arithmetic.read_move(line) for line in lines]
    assert all(move and arithmetic.combine(move.a, move.op, move.b) == move.result for move in moves)
    learned = tokenizer.decode([label for label in example.labels if label != IGNORED])
    assert learned.split() == [str(move.result) for move in moves if move]


@pytest.mark.parametrize("name", sorted(DEMONSTRATORS))
def test_demonstrations_are_good_and_bad_and_repeat_with_the_seed(name: str) -> None:
    task = get_task(name)
    prompts = task.prompts(150, seed=3)
    first, again = (
        [demonstrator.trajectory(prompt) for prompt in prompts]
        for demonstrator in (DEMONSTRATORS[name](random.Random(5)) for _ in range(2))
    )
    assert first == again
    outcomes = [task.reward(prompt, steps) for prompt, steps in zip(prompts, first, strict=True)]
    assert 0.4 < sum(outcomes) / len(outcomes) < 0.99
    assert all(len(steps) <= task.max_steps for steps in first)
