"""Answer questions over the fictional world by calling a look-up tool, in the tags of Search-R1.

A step is `<think> find the boss of paul </think> <search> paul boss </search>`; the environment answers
`<information> iris </information>`. The step with `<answer> ... </answer>` ends the trajectory. Knows nothing
about how a model was trained to do this.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from treecore.protocols import Part, Prompt, Span, Step, Task, Turn
from treecore.tasks import reward as rewards
from treecore.tasks.multihop.knowledge import ATTRIBUTES, PERSONS, RELATIONS, knowledge_base
from treecore.tasks.multihop.questions import MAX_HOPS, Question, all_questions, parse_question
from treecore.tasks.pools import drawn_by_share
from treecore.tasks.registry import check_scheme

NOTHING_FOUND = "nothing found"
CORRECTION = "neither search nor answer , try again"
INSTRUCTION = "<think> plan </think> then <search> name word </search> or <answer> word </answer> ."
_HOP_SHARES = {1: 0.1, 2: 0.4, 3: 0.5}
_ACTION = re.compile(r"<(search|answer)>(.*?)</\1>", re.DOTALL)
_PARTS = {"think": Part.THOUGHT, "search": Part.TOOL_CALL, "answer": Part.ANSWER}
_PART = re.compile(r"<(think|search|answer)>.*?(?:</\1>|$)", re.DOTALL)


class MultihopTask(Task):
    """Questions of one to three look-ups over one fixed knowledge base.

    Args:
        reward_scheme: `exact`, `tree_grpo` or `tree_grpo_f1` (`treecore.tasks.reward`).
    """

    name = "multihop"
    title = "Multi-hop questions with a look-up tool"
    stop: tuple[str, ...] = ("</search>", "</answer>")
    max_steps = 7
    max_step_tokens = 40
    reward_schemes = tuple(rewards.SCHEMES)

    def __init__(self, *, reward_scheme: str = "exact") -> None:
        self.reward_scheme: str = check_scheme(self.name, scheme=reward_scheme, known=self.reward_schemes)

    def prompts(self, n: int, *, seed: int) -> list[Prompt]:
        """`n` different held-out questions: a tenth ask for one look-up, two fifths for two, half for three.

        Raises:
            TaskError: more prompts than there are held-out questions.
        """
        rng = random.Random(f"{self.name}-{seed}")
        found = drawn_by_share(rng, held_out_by_hops(), shares=_HOP_SHARES, n=n)
        return [make_prompt(question, identity=f"{self.name}-{number}") for _, (number, question) in found]

    def ask(self, question: str) -> Prompt:
        """A prompt for a question that a user typed, for example `who is the boss of paul ?`.

        Raises:
            TaskError: unknown names or words, more than three look-ups, or another kind of question.
        """
        parsed = parse_question(question)
        return make_prompt(parsed, identity=f"{self.name}-{'-'.join((parsed.person, *parsed.words))}")

    def respond(self, prompt: Prompt, steps: Sequence[Step], text: str) -> Turn:
        """Look up what was searched; an answer, or the last allowed step, ends the trajectory."""
        last = len(steps) + 1 >= self.max_steps
        action = _ACTION.search(text)
        if action is None:
            return Turn("" if last else CORRECTION, last)
        if action.group(1) == "answer":
            return Turn(done=True)
        return Turn(f"<information> {look_up(action.group(2))} </information>", last)

    def reward(self, prompt: Prompt, steps: Sequence[Step]) -> float:
        """Outcome of the whole transcript under the task's reward scheme."""
        response = " ".join(part for step in steps for part in (step.text, step.observation) if part)
        full_text = rewards.transcript(prompt.text, response)
        return rewards.SCHEMES[self.reward_scheme](full_text, [prompt.reference])

    def parts(self, text: str) -> list[Span]:
        """Spans of the tagged parts, tags included; a tag left open reaches to the end."""
        return [Span(match.start(), match.end(), _PARTS[match.group(1)]) for match in _PART.finditer(text)]

    def gold(self, prompt: Prompt) -> list[Step]:
        """The plain chain of look-ups, then the answer."""
        steps: list[Step] = []
        name = str(prompt.data["person"])
        for word in prompt.data["words"]:
            text = f"<think> find the {word} of {name} </think> <search> {name} {word} </search>"
            steps.append(Step(text, self.respond(prompt, steps, text).observation))
            name = look_up(f"{name} {word}")
        last = prompt.data["words"][-1]
        return [*steps, Step(f"<think> the {last} is {name} </think> <answer> {name} </answer>")]


def make_prompt(question: Question, *, identity: str) -> Prompt:
    """The prompt of `question`; its reference is what the knowledge base says."""
    answer = knowledge_base().follow(question.person, question.words)[-1]
    data = {"person": question.person, "words": list(question.words)}
    return Prompt(identity, f"{INSTRUCTION} {question.text}", question.text, answer, data)


def look_up(query: str) -> str:
    """The tool: `name word` gives one word; anything else gives `NOTHING_FOUND`."""
    words = query.split()
    return (knowledge_base().lookup(words[0], word=words[1]) if len(words) == 2 else None) or NOTHING_FOUND


def held_out_by_hops() -> dict[int, list[tuple[int, Question]]]:
    """Numbered questions that training never sees, by number of look-ups."""
    pools: dict[int, list[tuple[int, Question]]] = {hops: [] for hops in range(1, MAX_HOPS + 1)}
    for number, question in enumerate(all_questions()):
        if question.held_out:
            pools[len(question.words)].append((number, question))
    return pools


def vocabulary() -> list[str]:
    """Every word that a prompt or an observation of this task may hold."""
    texts = [INSTRUCTION, CORRECTION, NOTHING_FOUND, "<information> </information>", "who where what is the of ?"]
    values = [value for group in ATTRIBUTES.values() for value in group]
    words = [word for text in texts for word in text.split()]
    return list(dict.fromkeys([*words, *PERSONS, *RELATIONS, *ATTRIBUTES, *values]))
