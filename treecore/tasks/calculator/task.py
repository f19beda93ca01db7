"""Questions for a model with a calculator: a file of them, or sums of our own with two to four numbers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from typing import Annotated

from treecore.protocols import Prompt, Step
from treecore.registry.params import Bounds
from treecore.tasks.calculator.calculator import calculate
from treecore.tasks.dataset.rows import Row, read_rows, stem
from treecore.tasks.dataset.task import CALL_END, Chat, DatasetTask, Options, source_of

ROWS = 2000
SYSTEM = (
    "Use the calculator: write <tool_call> 3*(4+2) </tool_call> and read the result in "
    "<tool_call_result> </tool_call_result>. It knows + - * / ** and brackets. "
    "End with the answer as a number: <answer> 18 </answer>."
)
_SHAPES = ("{}*({}+{})", "({}-{})*{}", "{}*{}-{}*{}", "({}+{})*({}+{})", "{}+{}*{}", "{}/{}+{}", "({}+{})/{}")


class CalculatorTask(DatasetTask):
    """A `DatasetTask` with the calculator, whose gold uses it where the sum is known."""

    def gold(self, prompt: Prompt) -> list[Step]:
        """One call with the whole sum, then the answer."""
        expression = prompt.data.get("expression")
        if not isinstance(expression, str):
            return super().gold(prompt)
        call = f"<tool_call> {expression} {CALL_END}"
        observation = self.respond(prompt, [], call).observation
        return [Step(call, observation), Step(f"<answer> {calculate(expression)} </answer>")]


@cache
def sums() -> Sequence[Row]:
    """Our own questions, always the same."""
    draw, rows = random.Random("calculator"), dict[str, Row]()
    while len(rows) < ROWS:
        shape = draw.choice(_SHAPES)
        expression = shape.format(*(draw.randrange(2, 100) for _ in range(shape.count("{}"))))
        name, answers = f"calculator-{len(rows) + 1}", (calculate(expression),)
        rows.setdefault(expression, Row(name, f"What is {expression}?", answers, {"expression": expression}, name))
    return tuple(rows.values())


def calculator_task(
    *,
    file: str = "",
    verifier: str = "number",
    system: str = SYSTEM,
    chat: Chat = "auto",
    steps: str = "tool_call",
    stop: str = "</answer>",
    max_step_tokens: Annotated[int, Bounds(1, 100_000)] = 512,
    max_steps: Annotated[int, Bounds(1, 10_000)] = 16,
    max_tokens: Annotated[int, Bounds(0, 10_000_000)] = 0,
) -> CalculatorTask:
    """Questions that a model may answer with a calculator.

    Args:
        file: of `{"prompt", "answer"}` rows; sums of our own when empty.
        verifier: a name with settings, such as `number tolerance=0.01`, or `module:function`.
        system: text before every question; the system message of a chat.
        chat: ask by the model's chat template: `on`, `off`, or `auto` for wherever the model has one.
        steps: how a step ends beside the end of a call: `line`, `paragraph`, `sentence`, `tool_call`, `tokens:K` or
            `whole`.
        stop: strings that end a trajectory, one on each line.
        max_step_tokens: longest step; one that is cut there ends its trajectory.
        max_steps: most steps of a trajectory.
        max_tokens: most tokens of a trajectory after its prompt; 0 is no limit.

    Raises:
        FormatError: the file cannot be read, or a row is wrong.
        TaskError, MethodError: an option that does not fit.
    """
    options = Options(
        verifier=verifier,
        system=system,
        chat=chat,
        steps=steps,
        stop=stop,
        max_step_tokens=max_step_tokens,
        max_steps=max_steps,
        max_tokens=max_tokens,
        tool="calculator",
    )
    title = "Sums with a calculator"
    if not file:
        return CalculatorTask(sums(), name="calculator", title=title, options=options)
    rows, _, unusable = read_rows(file).usable()
    source = source_of(file, rows)
    return CalculatorTask(rows, name=stem(file), title=title, options=options, source=source, unusable=unusable)
