"""Ways to cut steps, against the same text that was not cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, processors
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from toy import LENGTH, ToyTask, deep_policy
from transformers import PreTrainedTokenizerFast

from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.errors import PolicyError
from treecore.policies.base import FinishReason
from treecore.protocols import Message, Prompt, RenderedChat, Step, StepRule, Turn
from treecore.rollouts import rollout
from treecore.tasks.dataset.task import before


class Uncut(ToyTask):
    """One step, without an environment."""

    stop: tuple[str, ...] = ()
    max_steps = 200
    max_step_tokens = 200
    step_rule = StepRule(joined=True)

    def respond(self, prompt: Prompt, steps: object, text: str) -> Turn:
        return Turn()


class Sentences(Uncut):
    stop = (". ", "! ", "? ")
    step_rule = StepRule(joined=True, before_word=True)


class Words(Uncut):
    """Ends before each word, so that every token but the first is held back once."""

    stop = (" ",)
    step_rule = StepRule(joined=True, before_word=True)


class Fours(Uncut):
    max_step_tokens = 4
    step_rule = StepRule(joined=True, cut_is_end=True)


class Short(Uncut):
    step_rule = StepRule(joined=True, max_tokens=7)


class Answered(Sentences):
    def respond(self, prompt: Prompt, steps: object, text: str) -> Turn:
        return Turn("seen") if text.endswith("?") else Turn()


def sampled(task: ToyTask, **settings: int) -> Forest:
    policy = deep_policy()
    policy.end_ids = frozenset()
    return rollout(task=task, model=policy, question="a b c", seed=5, **(settings or {"m": 1, "n": 0}))[0]


def path_tokens(forest: Forest, leaf: int) -> tuple[list[int], np.ndarray, str]:
    rows = forest.topology.path(leaf)
    table = forest.tokens
    at = [place for row in rows for place in range(table.start[row], table.start[row + 1])]
    return [int(table.id[place]) for place in at], table.logprob[at], "".join(forest.text[row] for row in rows)


@pytest.mark.parametrize("task", [Sentences(), Words(), Fours()])
def test_cutting_changes_nothing_that_is_written(task: ToyTask) -> None:
    whole, cut = sampled(Uncut()), sampled(task)
    assert len(cut) > 5 > len(whole)
    ids, logprob, text = path_tokens(whole, int(whole.leaves[0]))
    ids_cut, logprob_cut, text_cut = path_tokens(cut, int(cut.leaves[0]))
    assert len(ids) == LENGTH - 3
    assert (ids_cut, text_cut) == (ids, text)
    np.testing.assert_allclose(logprob_cut, logprob, atol=1e-4)


def test_a_sentence_ends_with_its_mark_and_the_next_begins_with_the_space() -> None:
    forest = sampled(Sentences())
    texts = [forest.text[row] for row in range(1, len(forest))]
    assert all(text.endswith((".", "!", "?")) for text in texts[:-1])
    assert all(text.startswith(" ") for text in texts)
    assert not any(mark in text for text in texts for mark in (". ", "! ", "? "))


def test_a_step_of_so_many_tokens_is_whole() -> None:
    forest = sampled(Fours())
    assert [int(n) for n in forest.n_model_tokens[1:-1]] == [4] * (len(forest) - 2)


def test_the_longest_trajectory() -> None:
    forest = sampled(Short())
    assert len(path_tokens(forest, int(forest.leaves[0]))[0]) == 7
    assert Status(int(forest.status[forest.leaves[0]])) is Status.TRUNCATED


@pytest.mark.parametrize("task", [Sentences(), Words(), Fours(), Answered()])
def test_branches_grow_from_cut_steps_as_if_alone(task: ToyTask) -> None:
    policy = deep_policy()
    policy.end_ids = frozenset()
    forest = rollout(task=task, model=policy, question="a b c", seed=5, m=2, n=4, l=1)[0]
    assert len(forest.leaves) == 10
    for leaf in forest.leaves:
        ids, logprob, _ = path_tokens(forest, int(leaf))
        with torch.inference_mode():
            logits = policy.model(torch.tensor([[*policy.encode_prompt("a b c"), *ids]])).logits[0, 2:-1]
        plain = torch.log_softmax(logits.double(), -1)[range(len(ids)), ids].numpy()
        own = ~np.isnan(logprob)
        np.testing.assert_allclose(logprob[own], plain[own], atol=1e-4)


def test_an_observation_takes_the_place_of_the_token_held_back() -> None:
    forest = sampled(Answered())
    answered = [row for row in range(len(forest)) if forest.observation[row]]
    assert answered
    assert all(forest.text[row].endswith("?") for row in answered)


def test_a_token_held_back_may_end_its_own_step() -> None:
    class Short(Words):
        max_step_tokens = 1
        step_rule = StepRule(joined=True, before_word=True, cut_is_end=True)

    forest = sampled(Short())
    assert {int(n) for n in forest.n_model_tokens[1:]} == {1}
    assert path_tokens(forest, int(forest.leaves[0]))[0] == path_tokens(sampled(Uncut()), 1)[0]


def chat_tokenizer() -> PreTrainedTokenizerFast:
    """Puts `!` before every text; its chats have their own."""
    words = ["<eos>", "<unk>", ".", "!", "?", "seen", "a", "b", "c", "d", "e", "f"]
    backend = Tokenizer(WordLevel({word: place for place, word in enumerate(words)}, unk_token="<unk>"))
    backend.pre_tokenizer = WhitespaceSplit()
    backend.post_processor = processors.TemplateProcessing(single="! $A", special_tokens=[("!", 3)])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<eos>", unk_token="<unk>", bos_token="!")
    tokenizer.chat_template = (
        "{% for m in messages %}{% if m.role == 'robot' %}{{ raise_exception('no robots') }}{% endif %}"
        "! {{ m.content }} . {% endfor %}{% if add_generation_prompt %}?{% endif %}"
    )
    return tokenizer


def test_a_chat_is_written_by_the_template_with_its_own_control_tokens() -> None:
    policy = deep_policy()
    policy.tokenizer = chat_tokenizer()
    chat = policy.chat_text([Message("system", "a"), Message("user", "b")])
    assert chat == RenderedChat("! a . ! b . ?")
    assert policy.encode_prompt(chat) == [3, 6, 2, 3, 7, 2, 4]
    assert policy.encode_prompt("a") == [3, 6]
    assert policy.encode_prompt(chat) == policy.tokenizer.apply_chat_template(
        [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}],
        add_generation_prompt=True,
        return_dict=False,
    )


def test_a_chat_in_a_rollout() -> None:
    policy = deep_policy()
    prompt = Prompt("x", "a b", "b", "a", messages=(Message("user", "b"),))
    plain = rollout(task=ToyTask(), model=policy, prompts=[prompt], m=1, n=0)[0]
    assert plain.extra["input"] == "a b"
    policy.tokenizer = chat_tokenizer()
    chat = rollout(task=ToyTask(), model=policy, prompts=[prompt], m=1, n=0)[0]
    assert chat.extra["input"] == "! b . ?"


def test_models_and_templates_that_refuse_a_chat() -> None:
    policy = deep_policy()
    only = Prompt("x", "", "b", "a", messages=(Message("user", "b"),))
    with pytest.raises(PolicyError, match="no chat template that can be used here; ask without chat"):
        rollout(task=ToyTask(), model=policy, prompts=[only])
    policy.tokenizer = chat_tokenizer()
    with pytest.raises(PolicyError, match="the chat template of model 'llama' failed with TemplateError: no robots"):
        rollout(task=ToyTask(), model=policy, prompts=[Prompt("x", "", "b", "a", messages=(Message("robot", "b"),))])


def test_rules_reach_the_session() -> None:
    session = deep_policy().session(temperature=1, top_p=1, stop=(), max_step_tokens=9, rule=StepRule(max_tokens=2))
    branch = session.grow(session.open("a"), np.random.default_rng(1))
    while branch.written.end is None:
        session.advance()
    assert branch.written.end in (FinishReason.CONTEXT, FinishReason.EOS)
    assert len(branch.written.ids) <= 2


class Fragments(Uncut):
    """Steps of two tokens; a stop string may lie across them."""

    stop = ("a b c", "d e")
    max_step_tokens = 2
    step_rule = StepRule(joined=True, cut_is_end=True)

    def respond(self, prompt: Prompt, steps: Sequence[Step], text: str) -> Turn:
        said = before(steps, 4) + text
        return Turn(done=any(stop in said for stop in self.stop))


class Whole(Fragments):
    max_step_tokens = 200


def test_a_stop_string_across_steps_ends_the_trajectory_where_it_would_in_one_step() -> None:
    cut, whole = (sampled(task, m=24, n=0) for task in (Fragments(), Whole()))
    across = 0
    for leaf, end in zip(cut.leaves, whole.leaves, strict=True):
        path = [cut.text[row] for row in cut.topology.path(int(leaf))[1:]]
        text = "".join(path)
        assert text == whole.text[int(end)]
        across += any(stop in text and stop not in path[-1] for stop in Fragments.stop)
    assert across > 3


def test_nothing_is_seen_across_an_answer_of_the_environment() -> None:
    said = [Step("a", "seen"), Step("bc"), Step("d")]
    assert [before(said, n) for n in range(5)] == ["", "d", "cd", "bcd", "bcd"]
