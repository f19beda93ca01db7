"""Questions with expected answers as a task: rows in, prompts out, a verifier for the answers, optionally a tool.

How the text is cut into steps, and whether the model is asked as in a chat, are options. Knows no model.
"""

from __future__ import annotations

import logging
import os
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from treecore.core.numerals import counted
from treecore.errors import TaskError
from treecore.protocols import Message, Part, Prompt, Span, Step, StepRule, Task, Turn
from treecore.registry.params import Bounds
from treecore.tasks.dataset.rows import Row, UnknownQuestionError, UnusableError, digest, read_rows, stem
from treecore.tasks.steps import parse_steps, parse_stop
from treecore.tasks.tools import NONE, answered, get_tool
from treecore.tasks.verifiers.registry import Trial, get_check

Chat = Literal["auto", "on", "off"]
CALL_END = "</tool_call>"
STRICT = "--strict stops at such a row"
MEND = f"mend the row's answer, give it a field 'gold', or choose another --verifier; {STRICT}"
MAX_CALL = 2000
"""Characters before a step in which a call that ends in it may have begun."""
_LOG = logging.getLogger(__name__)
_CALL = re.compile(r"<tool_call>((?:(?!</?tool_call>).)*)</tool_call>\s*\Z", re.DOTALL)
_PARTS = {"think": Part.THOUGHT, "tool_call": Part.TOOL_CALL, "search": Part.TOOL_CALL, "answer": Part.ANSWER}
_PART = re.compile(r"<(think|tool_call|search|answer)>.*?(?:</\1>|$)", re.DOTALL)


@dataclass(frozen=True)
class Options:
    """How rows are asked and answered; see `dataset_task`."""

    verifier: str = "exact"
    system: str = ""
    chat: str = "auto"
    steps: str = "line"
    stop: str = ""
    max_step_tokens: int = 512
    max_steps: int = 64
    max_tokens: int = 0
    tool: str = NONE
    shuffle: bool = True
    strict: bool = False


class DatasetTask(Task):
    """See `treecore.protocols.Task`; made by `dataset_task`.

    Args:
        rows: the questions.
        name: of the task in forests.
        title: for people.
        options: checked here.
        source: what `settings` say of the rows beside the options; see `source_of`.
        unusable: why other rows of the file are left out.

    Raises:
        TaskError, MethodError: an option that does not fit.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        *,
        name: str,
        title: str,
        options: Options,
        source: Mapping[str, str] | None = None,
        unusable: Sequence[UnusableError] = (),
    ) -> None:
        self.unusable = unusable
        self.name, self.title, self.options, self.source = name, title, options, dict(source or {})
        self.check, self._noted = get_check(options.verifier), False
        self.rows = {row.id: row for row in rows}
        cut, self.endings = parse_steps(options.steps), parse_stop(options.stop)
        self.tool = get_tool(options.tool)
        tool_end = () if self.tool is None else (CALL_END,)
        self.stop = tuple(dict.fromkeys((*cut.stop, *self.endings, *tool_end)))
        self.max_steps = options.max_steps if options.steps != "whole" or tool_end else 1
        self.max_step_tokens = min(cut.tokens or options.max_step_tokens, options.max_step_tokens)
        self.reward_scheme = self.check.text
        self.settings = {name: value for name, value in asdict(options).items() if name != "strict"} | self.source
        """All options that a result depends on, and where the rows come from."""
        self.step_rule = StepRule(
            cut_is_end=bool(cut.tokens), before_word=cut.before_word, joined=True, max_tokens=options.max_tokens
        )

    def prompts(self, n: int, *, seed: int) -> list[Prompt]:
        """`n` different rows, drawn with `seed` or the first of the file; those of a smaller `n` come first.

        Rows whose own answer the verifier does not accept are left out, so there may be fewer; a note tells of them,
        and of those that cannot be used at all.

        Raises:
            TaskError: more prompts than rows; the verifier accepts no row; it refuses one and the task is strict.
            FormatError: a row cannot be used and the task is strict.
        """
        exist = len(self.rows) + len(self.unusable)
        if n > exist:
            raise TaskError(f"{counted(n, 'prompt')} asked, {counted(exist, 'exists', 'exist')}", todo="ask for fewer")
        rows = list(self.rows.values())
        if self.options.shuffle:
            rows = random.Random(f"{self.name}-{seed}").sample(rows, len(rows))
        return [self._prompt(row) for row in self._accepted(rows, n)]

    def problems(self, rows: Sequence[Row] | None = None) -> list[TaskError]:
        """One error for each row (of all by default) whose own answer the verifier does not accept."""
        found = []
        for row in self.rows.values() if rows is None else rows:
            if reason := self._trial(row).refusal:
                found.append(TaskError(reason, where=row.where))
        return found

    def _trial(self, row: Row) -> Trial:
        gold = row.data.get("gold")
        return self.check.trial(row.prompt, row.answers, gold if isinstance(gold, str) else None)

    def _accepted(self, rows: Sequence[Row], n: int) -> list[Row]:
        """The first `n` rows whose own answers the verifier accepts, judged before anything is sampled.

        Raises:
            TaskError: there is none, or it refuses one and the task is strict.
            FormatError: a row of the file cannot be used and the task is strict.
        """
        if self.options.strict and self.unusable:
            raise self.unusable[0]
        taken: list[Row] = []
        refused: list[TaskError] = []
        rejected: list[Row] = []
        for row in rows:
            if len(taken) == n:
                break
            trial = self._trial(row)
            if trial.refusal:
                refused.append(TaskError(trial.refusal, where=row.where, todo=MEND))
                if self.options.strict:
                    raise refused[0]
                continue
            taken.append(row)
            if trial.rejected:
                rejected.append(row)
        if refused and not taken:
            raise refused[0]
        self._note(taken, refused, rejected)
        return taken

    def _note(self, taken: Sequence[Row], refused: Sequence[TaskError], rejected: Sequence[Row]) -> None:
        """Tell, once, of rows that are left out and of those for which the user's own verifier gives nothing."""
        if self._noted or not (refused or rejected or self.unusable):
            return
        self._noted = True
        if self.unusable:
            _LOG.warning(
                "treecore: note: %d of %d rows left out, nothing to ask or to compare with, the first: %s; %s",
                len(self.unusable),
                len(self.rows) + len(self.unusable),
                self.unusable[0],
                STRICT,
            )
        if refused:
            _LOG.warning(
                "treecore: note: %d of %d rows left out, their own answers are not accepted, the first: %s",
                len(refused),
                len(refused) + len(taken),
                refused[0],
            )
        if rejected:
            _LOG.warning(
                "treecore: note: verifier '%s' gives nothing for the expected answers of %d of %d rows, bare or in "
                "<answer> tags, the first at %s",
                self.check.verifier.name,
                len(rejected),
                len(taken),
                rejected[0].where,
            )

    def ask(self, question: str) -> Prompt:
        """The prompt of the row with this id or this question; another has no expected answer.

        Raises:
            TaskError: there is no such row, or the verifier does not accept its answer.
        """
        wanted = " ".join(question.split())
        for row in self.rows.values():
            if wanted in (row.id, " ".join(row.prompt.split())):
                return self._prompt(self._accepted([row], 1)[0])
        raise UnknownQuestionError(
            f"{self.name} has no question {wanted[:60]!r}, so no answer to compare with",
            todo="give the question or the id of one of its rows, or add a row",
        )

    def respond(self, prompt: Prompt, steps: Sequence[Step], text: str) -> Turn:
        """The tool's answer after a call; silence otherwise. One of the extra stop strings ends it.

        Raises:
            TaskError: the tool failed, or gave no text.
        """
        if any(ending in before(steps, len(ending) - 1) + text for ending in self.endings):
            return Turn(done=True)
        if self.tool is None or CALL_END not in text:
            return Turn()
        call = _CALL.search(_joined(steps)[-MAX_CALL:] + text)
        if call is None:
            return Turn()
        answer = answered(self.tool, self.options.tool, call=call[1])
        return Turn(f"<tool_call_result> {answer} </tool_call_result>")

    def reward(self, prompt: Prompt, steps: Sequence[Step]) -> float:
        """What the verifier gives for all that the model wrote."""
        return self.check.score(prompt.question, self._answers(prompt), _joined(steps))

    def parts(self, text: str) -> list[Span]:
        """Spans of tagged parts, tags included; a tag left open reaches to the end."""
        return [Span(match.start(), match.end(), _PARTS[match.group(1)]) for match in _PART.finditer(text)]

    def gold(self, prompt: Prompt) -> list[Step]:
        """The row's `gold` text, or what its answer tells, as one step.

        Raises:
            TaskError: neither is there.
        """
        own = prompt.data.get("gold")
        output = own if isinstance(own, str) else self.check.gold_output(self._answers(prompt))
        if output is None:
            raise TaskError(
                f"no accepted output is known for {prompt.id}", where=self.name, todo="give the row a field 'gold'"
            )
        return [Step(output)]

    def _answers(self, prompt: Prompt) -> tuple[str, ...]:
        row = self.rows.get(prompt.id)
        return (prompt.reference,) if row is None else row.answers

    def _prompt(self, row: Row) -> Prompt:
        system, chat = self.options.system, self.options.chat
        messages = [Message("system", system)] if system else []
        messages.append(Message("user", row.prompt))
        return Prompt(
            id=row.id,
            text="" if chat == "on" else "\n\n".join(message.content for message in messages),
            question=row.prompt,
            reference=row.answers[0],
            data=row.data,
            messages=() if chat == "off" else tuple(messages),
        )


def source_of(path: str, rows: Sequence[Row], **fields: str) -> dict[str, str]:
    """What a forest is to know of the file that its question is from: name, content, names of the fields."""
    return {"file_name": os.path.basename(path), "rows_sha256": digest(rows), **fields}


def before(steps: Sequence[Step], n: int) -> str:
    """The last `n` characters that the model wrote before this step; none from before the environment spoke."""
    texts: list[str] = []
    for step in reversed(steps):
        if n <= 0 or step.observation:
            break
        texts.append(step.text[-n:])
        n -= len(texts[-1])
    return "".join(reversed(texts))


def _joined(steps: Sequence[Step]) -> str:
    return "".join(step.text for step in steps)


def dataset_task(
    path: str,
    *,
    verifier: str = "exact",
    system: str = "",
    chat: Chat = "auto",
    steps: str = "line",
    stop: str = "",
    max_step_tokens: Annotated[int, Bounds(1, 100_000)] = 512,
    max_steps: Annotated[int, Bounds(1, 10_000)] = 64,
    max_tokens: Annotated[int, Bounds(0, 10_000_000)] = 0,
    tool: str = NONE,
    prompt_field: str = "prompt",
    answer_field: str = "answer",
    shuffle: bool = True,
    strict: bool = False,
) -> DatasetTask:
    """A task from a file of questions, JSON lines or a JSON list, plain or gzip.

    Args:
        path: of the file.
        verifier: a name with settings, such as `number tolerance=0.01`, or `module:function`.
        system: text before every question; the system message of a chat.
        chat: ask by the model's chat template: `on`, `off`, or `auto` for wherever the model has one.
        steps: how a step ends: `line`, `paragraph`, `sentence`, `tool_call`, `tokens:K` or `whole`.
        stop: strings that end a trajectory, one on each line; `\\n` stands for a line end.
        max_step_tokens: longest step; one that is cut there ends its trajectory.
        max_steps: most steps of a trajectory.
        max_tokens: most tokens of a trajectory after its prompt; 0 is no limit.
        tool: `calculator` answers `<tool_call> 3*(4+2) </tool_call>`; `module:function` answers with what the function
            makes of the text of the call.
        prompt_field: name of the field with the question.
        answer_field: name of the field with the expected answer.
        shuffle: draw the rows in place of taking the first of the file.
        strict: stop at a row whose own answer the verifier does not accept, or that has no question or answer, in
            place of leaving it out.

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
        tool=tool,
        shuffle=shuffle,
        strict=strict,
    )
    rows, _, unusable = read_rows(path, prompt_field=prompt_field, answer_field=answer_field).usable()
    name = stem(path)
    source = source_of(path, rows, prompt_field=prompt_field, answer_field=answer_field)
    title = f"Questions of {name}"
    return DatasetTask(rows, name=name, title=title, options=options, source=source, unusable=unusable)
