"""Critics without the answer: a language model that is asked in plain words, and was not trained to judge.

The questions have the slots of AlphaLLM's process and outcome reward models, in words of our own. What the model says
is drawn several times and counted, so the score is a share of votes, not a probability.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import numpy as np

from treecore.errors import MethodError
from treecore.policies import Policy, load_policy
from treecore.policies.base import ChatPolicy
from treecore.protocols import Message, RenderedChat
from treecore.samplers.estimates import path
from treecore.samplers.registry import Growth

VOTES = 8
MAX_TOKENS = 4
STEP = (
    "Problem:\n{question}\n\nSolution so far:\n{before}\n\nLast step:\n{last}\n\n"
    "Is the last step correct? Answer with one word, True or False.\nAnswer:"
)
WHOLE = (
    "Problem:\n{question}\n\nSolution:\n{before}\n{last}\n\n"
    "Is the solution correct? Answer with one word, correct or wrong.\nAnswer:"
)
WORDS = {STEP: ("true", "false"), WHOLE: ("correct", "wrong")}


class PromptedCritic:
    """A judge of rows; see `critics.Judge`.

    Args:
        policy: the model that is asked.
        question: `STEP` or `WHOLE`.
    """

    def __init__(self, policy: Policy, question: str) -> None:
        self.policy, self.question = policy, question

    def __call__(self, growth: Growth, row: int) -> float:
        """Share of the votes for yes among those that say yes or no; 0 where none does, as in the released code."""
        yes, no = WORDS[self.question]
        votes = Counter(map(first_word, self.answers(self.asked(growth, row), growth.random)))
        said = votes[yes] + votes[no]
        return votes[yes] / said if said else 0.0

    def asked(self, growth: Growth, row: int) -> str | RenderedChat:
        """The question, by the model's chat template where it has one."""
        steps = [f"{node.text}{node.observation}".strip() for node in (growth.nodes[at] for at in path(growth, row))]
        text = self.question.format(
            question=growth.prompt.question, before="\n".join(filter(None, steps[:-1])), last=steps[-1]
        )
        chat = self.policy.chat_text((Message("user", text),)) if isinstance(self.policy, ChatPolicy) else None
        return text if chat is None else chat

    def answers(self, prompt: str | RenderedChat, random: np.random.Generator) -> list[str]:
        """What the model says, drawn `VOTES` times at temperature 1."""
        session = self.policy.session(temperature=1.0, top_p=1.0, stop=("\n",), max_step_tokens=MAX_TOKENS)
        state = session.open(prompt)
        branches = [session.grow(state, np.random.default_rng(random.integers(2**63))) for _ in range(VOTES)]
        waiting = set(branches)
        while waiting:
            for branch in session.advance():
                session.end(branch)
                waiting.discard(branch)
        return [branch.written.text for branch in branches]


def first_word(text: str) -> str:
    """In small letters, without what is no letter."""
    word = text.split()[:1]
    return "".join(letter for letter in word[0].lower() if letter.isalpha()) if word else ""


@lru_cache(maxsize=1)
def loaded(model: str) -> Policy:
    """The model that judges, loaded once.

    Raises:
        MethodError: none is named.
        PolicyError: it cannot be loaded.
    """
    if not model:
        raise MethodError("the prompted critic has no model to ask", todo="set critic_model to a folder or a hub name")
    return load_policy(model)
