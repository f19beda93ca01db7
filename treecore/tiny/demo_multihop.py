"""Demonstrations of the multi-hop task, good and bad: strategies first, slips in detail later.

Every draw of `rng` is a decision that the trained model will take itself. The environment's words come from the
task, so a demonstration is what the task would have answered.
"""

from __future__ import annotations

import random

from treecore.protocols import Prompt, Step
from treecore.tasks.multihop.knowledge import ATTRIBUTES, PERSONS, RELATIONS, knowledge_base
from treecore.tasks.multihop.task import NOTHING_FOUND, MultihopTask, look_up

STRATEGIES = {"chain": 0.68, "recall": 0.12, "guess": 0.05, "outer first": 0.09, "skip": 0.06}
SYNONYMS = {
    "boss": "chief",
    "teacher": "mentor",
    "friend": "mate",
    "neighbour": "local",
    "parent": "mother",
    "rival": "enemy",
    "home": "town",
    "job": "work",
    "pet": "animal",
    "instrument": "music",
}
_WORDING = (
    "find the of look up first then i recall it is guess no that was start over with check again so know now"
    " wrong order short cut try not could be"
)


def vocabulary() -> list[str]:
    """Words that demonstrations use beyond those of the task."""
    return [*_WORDING.split(), *SYNONYMS.values()]


class Demonstrator:
    """One trajectory at a time, in the style that `rng` picks.

    Args:
        rng: source of every decision.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.task = MultihopTask()

    def trajectory(self, prompt: Prompt) -> list[Step]:
        """Steps for `prompt`, ended by an answer or by the task's step limit."""
        self.prompt, self.steps = prompt, list[Step]()
        self.person, self.words = str(prompt.data["person"]), [str(word) for word in prompt.data["words"]]
        strategies = STRATEGIES if len(self.words) > 1 else {"chain": 0.7, "guess": 0.3}
        strategy = self.rng.choices(list(strategies), list(strategies.values()))[0]
        if strategy == "guess":
            self._say(f"i guess it is {self._guess()}", answer=True)
        elif strategy == "recall":
            self._from_memory()
        elif strategy == "outer first":
            self._outer_first()
        elif strategy == "skip":
            self._skip()
        else:
            self._chain(self.person, self.words)
        return self.steps

    def _chain(self, name: str, words: list[str], *, opening: str = "") -> None:
        for place, word in enumerate(words):
            found = self._look(name, word=word, opening=opening if place == 0 else "")
            if self._over():
                return
            if found == NOTHING_FOUND:
                self._say(f"nothing found , i guess it is {self._guess()}", answer=True)
                return
            name = found
        if self._chance(0.12):
            last, word = self.last_query
            name = self._look(last, word=word, opening="check again , ", careful=True)
        if not self._over():
            self._report(words[-1], found=name)

    def _look(self, name: str, *, word: str, opening: str = "", careful: bool = False) -> str:
        """Look up `word` of `name`, with the slips a careless reader makes; returns what was found."""
        target = name
        if not careful and self._chance(0.04):
            target = self.rng.choice([self.person, *self.rng.sample(PERSONS, 2)])
        asked = SYNONYMS[word] if not careful and self._chance(0.04) else word
        found = self._search(target, word=asked, opening=opening)
        if self._over():
            return found
        if found == NOTHING_FOUND and self._chance(0.85):
            return self._search(target, word=word, opening="nothing found , try ")
        if target != name and self._chance(0.35):
            return self._search(name, word=word, opening=f"no , that was {target} , ")
        return found

    def _search(self, name: str, *, word: str, opening: str) -> str:
        verb = "" if opening.endswith("try ") else self.rng.choices(["find ", "look up "], [0.75, 0.25])[0]
        self.last_query = (name, word)
        self._step(f"<think> {opening}{verb}the {word} of {name} </think> <search> {name} {word} </search>")
        return look_up(f"{name} {word}")

    def _outer_first(self) -> None:
        """Begin with a word that belongs later; notice, or carry on in that order."""
        last = self.words[-1]
        order = [*self.words[-2::-1], last] if len(self.words) > 2 else [last]
        found = self._look(self.person, word=order[0])
        if self._chance(0.35) or found == NOTHING_FOUND:
            self._chain(self.person, self.words, opening="wrong order , start over , ")
        elif len(order) == 1:
            self._report(last, found=found)
        else:
            self._chain(found, order[1:])

    def _skip(self) -> None:
        """Leave one relation out of the chain."""
        dropped = self.rng.randrange(len(self.words) - 1)
        kept = [word for place, word in enumerate(self.words) if place != dropped]
        self._chain(self.person, kept, opening="short cut , " if self._chance(0.6) else "")

    def _from_memory(self) -> None:
        """Take the first person from memory, which may be wrong, and look up the rest."""
        truth = knowledge_base().facts[self.person, self.words[0]]
        recalled = truth if self._chance(0.55) else self.rng.choice(PERSONS)
        opening = f"i recall the {self.words[0]} of {self.person} is {recalled} , "
        self._chain(recalled, self.words[1:], opening=opening)

    def _report(self, word: str, *, found: str) -> None:
        said = self._guess() if self._chance(0.05) else found
        if self._chance(0.3):
            self._say(f"so it is {said}", answer=True)
        else:
            self._say(f"the {word} is {said}", answer=True)

    def _say(self, thought: str, *, answer: bool) -> None:
        said = f" <answer> {thought.split()[-1]} </answer>" if answer else ""
        self._step(f"<think> {thought} </think>{said}")

    def _step(self, text: str) -> None:
        turn = self.task.respond(self.prompt, self.steps, text)
        self.steps.append(Step(text, turn.observation))

    def _over(self) -> bool:
        return len(self.steps) >= self.task.max_steps

    def _guess(self) -> str:
        last = self.words[-1]
        return self.rng.choice(PERSONS if last in RELATIONS else ATTRIBUTES[last])

    def _chance(self, share: float) -> bool:
        return self.rng.random() < share
