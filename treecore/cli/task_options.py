"""Options of the command line for how a task asks, cuts and judges; only tasks that have them take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from treecore.cli.output import parse_settings

TASK_SET = "--task-set"
NAMES = ("verifier", "system", "chat", "steps", "stop", "max_tokens", "max_steps", "max_step_tokens", "strict")

_OPTIONS = (
    click.option(
        "--verifier",
        default=None,
        help="What judges the answers to a file of questions: one of `treecore verifiers`, with settings as in 'number "
        "tolerance=0.01'; or module:function, called as f(prompt, answer, output).",
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
    click.option(
        "--strict",
        is_flag=True,
        default=None,
        help="Stop at a row without question or answer, or whose own answer the verifier does not accept; by default "
        "it is left out and counted.",
    ),
    click.option(
        TASK_SET,
        multiple=True,
        metavar="K=V",
        help="Any option of the task, such as shuffle=false, tool=calculator or prompt_field=question; see `treecore "
        "tasks`. May be given several times.",
    ),
)


def task_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def take_task(options: dict[str, Any]) -> None:
    """Gather the options of the task under `task_options`, where any was given.

    Raises:
        click.BadParameter: one is given twice, is not K=V, or is an empty `--stop`.
    """
    given = {name: value for name in NAMES if (value := options.pop(name)) not in (None, ())}
    if "stop" in given:
        if "" in given["stop"]:
            raise click.BadParameter("an empty text ends nothing", param_hint="--stop")
        given["stop"] = "\n".join(text.replace("\n", "\\n") for text in given["stop"])
    if "chat" in given:
        given["chat"] = "on" if given["chat"] else "off"
    more = parse_settings(options.pop("task_set"), option=TASK_SET)
    if twice := sorted(given.keys() & more.keys()):
        raise click.BadParameter(f"{twice[0]!r} is given twice", param_hint=TASK_SET)
    if given or more:
        options["task_options"] = {**given, **more}
