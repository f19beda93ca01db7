"""What a plug-in's class may leave out has the protocol's own value, whether it derives from it or not."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from toy import ToyTask, toy_policy

from treecore import rollout
from treecore.errors import PolicyError, TaskError
from treecore.policies.base import complete_policy, complete_session
from treecore.protocols import TASK_OPTIONAL, Prompt, Step, StepRule, Task
from treecore.registry.optional_members import with_defaults
from treecore.tasks.checked import checked_task, with_optional


class Small(Task):
    """The least that a task has."""

    name = "small"
    title = "Small"
    max_step_tokens = 6

    def prompts(self, n: int, *, seed: int) -> list[Prompt]:
        return [Prompt(f"small-{place}", "a b ?", "say a", "a") for place in range(n)]

    def reward(self, prompt: Prompt, steps: Any) -> float:
        return float("a" in steps[-1].text)


class Bare:
    """Derives from nothing and has what every task has."""

    name, title = "bare", "Bare"
    stop = (".", "!", "?")
    max_steps, max_step_tokens = 2, 5
    prompts, ask, respond = ToyTask.prompts, ToyTask.ask, ToyTask.respond
    reward, parts, gold = ToyTask.reward, ToyTask.parts, ToyTask.gold


class Tight(Bare):
    __slots__ = ()
    step_rule = StepRule(cut_is_end=True)
    settings = None
    reward_scheme = 3
    reward_schemes = ()


class Wrapped:
    """A policy or session that shows some members of another only."""

    def __init__(self, inner: Any, *hidden: str) -> None:
        self.inner, self.hidden = inner, hidden

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in self.hidden:
            raise AttributeError(name)
        return getattr(self.inner, name)


def test_a_task_of_four_members_is_whole() -> None:
    task = checked_task(Small(), "small")
    forest = rollout(task=task, model=toy_policy(), sampler="chains", m=2)[0]
    assert (forest.task, forest.parent.tolist()) == ("small", [-1, 0, -1, 2])
    assert task.respond(Prompt("", "", "", ""), [], "x").done is False
    for ask in (lambda: task.ask("why"), lambda: task.gold(Prompt("p", "", "", ""))):
        with pytest.raises(TaskError, match=r"task 'small'"):
            ask()


def test_a_task_that_derives_from_nothing_gets_what_it_leaves_out() -> None:
    task = checked_task(Bare(), "bare")
    assert (task.step_rule, task.settings, task.reward_scheme, task.reward_schemes) == (StepRule(), None, None, ())
    assert pickle.loads(pickle.dumps(task)).step_rule == StepRule()
    assert all(not hasattr(Bare, name) for name in TASK_OPTIONAL)
    assert rollout(task=Bare(), model=toy_policy(), sampler="chains", m=1)[0].task == "bare"


def test_what_it_has_is_kept_and_checked() -> None:
    with pytest.raises(TaskError, match=r"here: reward_scheme is of another type"):
        with_optional(Tight(), "here")


def test_one_that_takes_no_attributes_is_refused_in_words() -> None:
    class Closed:
        __slots__ = ()

    with pytest.raises(TaskError, match=r"derive the class from treecore.protocols.Task"):
        with_optional(Closed(), "here")
    with pytest.raises(PolicyError, match=r"Closed is no policy: .*derive its class from treecore.policies.Policy"):
        complete_policy(Closed())


def test_policies_and_sessions_get_what_they_leave_out() -> None:
    policy = complete_policy(Wrapped(toy_policy(), "gives", "one_core", "vocabulary_size"))
    assert (policy.gives, policy.observed) == (frozenset(), frozenset())
    assert (policy.one_core, policy.vocabulary_size) == (False, 0)
    inner = toy_policy().session(temperature=1, top_p=1, stop=(), max_step_tokens=4)
    session = complete_session(Wrapped(inner, "notes", "waiting"))
    assert (dict(session.notes), session.waiting) == ({}, "")


def test_a_member_that_is_there_stays() -> None:
    task = ToyTask()
    task.step_rule = StepRule(joined=True)
    assert with_defaults(task, Task, names=TASK_OPTIONAL).step_rule.joined
    assert Step("a").observation == ""
