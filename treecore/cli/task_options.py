"""Options of the command line for how a task asks, cuts and judges; only tasks that have them take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

NAMES = ("verifier", "system", "chat", "steps", "stop", "max_tokens", "max_steps", "max_step_tokens")

_OPTIONS = (
    click.option(
        "--verifier",
        default=None,
        help="What judges the answers to a file of questions: exact, contains, number, choice, f1, regex or math, with "
        "settings as in 'number tolerance=0.01'; or module:function, called as f(prompt, answer, output).",
    ),
    click.option("--system", default=None, help="Text before every question; the system message of a chat."),
    click.option(
        "--chat/--no-chat", default=None, help="Ask by the model's chat template; by default wherever it has one."
    ),
    click.option(
        "--steps", default=None, help="How a step ends: line, paragraph, sentence, tool_call, tokens:K or whole."
    ),
    click.option(
        "--stop", multiple=True, metavar="TEXT", help="A string that ends a trajectory; may be given several times."
    ),
    click.option("--max-tokens", type=int, default=None, help="Most tokens of a trajectory after its prompt."),
    click.option("--max-steps", type=int, default=None, help="Most steps of a trajectory."),
    click.option("--max-step-tokens", type=int, default=None, help="Most tokens of a step."),
)


def task_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def take_task(options: dict[str, Any]) -> None:
    """Put the task itself in place of its name where one of its options was given; the options leave `options`.

    Raises:
        TaskError, FormatError: see `treecore.tasks.get_task`.
    """
    given = {name: value for name in NAMES if (value := options.pop(name)) not in (None, ())}
    if not given:
        return
    from treecore.tasks import get_task

    if "stop" in given:
        given["stop"] = "\n".join(text.replace("\n", "\\n") for text in given["stop"])
    if "chat" in given:
        given["chat"] = "on" if given["chat"] else "off"
    if options["reward_scheme"] is not None:
        given["reward_scheme"], options["reward_scheme"] = options["reward_scheme"], None
    options["task"] = get_task(options["task"], **given)
