"""Write `data/inspect_ai-0.3.285-scores` and `-chunked` with inspect_ai 0.3.285: `python record_inspect_ai.py`.

No model is asked: answers are given to inspect_ai's mock model, and the task's scorers grade them.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import inspect_ai
from inspect_ai.dataset import Sample
from inspect_ai.log._recorders.chunked.convert import _convert_log_file
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageUser,
    ContentReasoning,
    ContentText,
    Logprob,
    Logprobs,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.scorer import Score, mean, scorer
from inspect_ai.solver import generate, system_message

DATA = Path(__file__).parent / "data"
LONG = "Work it out slowly. " * 20


@scorer(metrics=[mean()])
def grade() -> Any:
    """NaN for a question, P for a half, else C or N."""

    async def score(state: Any, target: Any) -> Score:
        said = state.output.completion
        if said.endswith("?"):
            return Score(value=float("nan"), answer=said)
        return Score(value="P") if "half" in said else Score(value="C" if target.text in said else "N", answer=said)

    return score


@scorer(metrics={"*": [mean()]})
def parts() -> Any:
    """A dict of a boolean and a number."""

    async def score(state: Any, target: Any) -> Score:
        size = len(state.output.completion)
        return Score(value={"short": size < 500, "length": size})

    return score


def answer(said: str, tokens: Sequence[tuple[str, float]] = (), reason: Any = "stop", thought: str = "") -> ModelOutput:
    """An answer of the mock model."""
    output = ModelOutput.from_content("mockllm/model", said, stop_reason=reason)
    output.usage = ModelUsage(input_tokens=3, output_tokens=len(tokens) or 4, total_tokens=7)
    if thought:
        output.choices[0].message.content = [ContentReasoning(reasoning=thought), ContentText(text=said)]
    if tokens:
        output.choices[0].logprobs = Logprobs(
            content=[Logprob(token=token, logprob=number) for token, number in tokens]
        )
    return output


def record(folder: str, log_format: Any) -> Path:
    """Run the task; returns the log."""
    answers = [answer("14", [("1", -0.25), ("4", -0.5)]), answer(f"{LONG}14"), answer("half", reason="max_tokens")]
    answers.append(answer("15?", thought="I guess"))
    asked = [ChatMessageUser(content="What is 1+1?"), ChatMessageAssistant(content="2", source="input")]
    asked.append(ChatMessageUser(content=f"{LONG}What is 3*4+2?"))
    task = inspect_ai.Task(
        name="long",
        dataset=[Sample(id="a/b", input=asked, target=["14"])],
        solver=[system_message("Be exact."), generate()],
        scorer=[grade(), parts()],
        epochs=4,
    )
    model = get_model("mockllm/model", custom_outputs=answers)
    inspect_ai.eval(task, model=model, log_dir=folder, display="none", max_samples=1, log_format=log_format)
    return next(Path(folder).glob(f"*.{log_format}"))


def chunked(log: Path, target: Path) -> None:
    """The same log in the chunked layout, in small chunks."""
    asyncio.run(_convert_log_file(str(log), str(target), 7, 300))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        scores = DATA / "inspect_ai-0.3.285-scores"
        (scores / "long.json").write_bytes(record(folder, "json").read_bytes())
        chunked(record(folder, "eval"), scores / "long.eval")
    forks = next((DATA / "inspect_ai-0.3.285-branches").glob("*.eval"))
    chunked(forks, DATA / "inspect_ai-0.3.285-chunked" / "forks.eval")
