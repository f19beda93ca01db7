"""Made-up files of other tools, in the shape in which those tools write them, as large as one wants."""

from __future__ import annotations

import csv
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import orjson

GROUP = 8
"""Answers to one prompt."""
WORDS = ("so", "first", "we", "add", "three", "and", "four", "which", "gives", "twelve", "then", "check", "again")
LENGTH = 4_000
"""Characters of an answer: about a thousand tokens, as a model that reasons writes them."""
TEXT = " ".join(random.Random(0).choices(WORDS, k=20_000)).replace("check ", "check\n")
Row = dict[str, Any]


def sampled(rows: int) -> Iterator[tuple[int, random.Random, str, str, float]]:
    """Number, generator, prompt, answer and reward of each row."""
    rng = random.Random(0)
    for number in range(rows):
        prompt = f"What is {number // GROUP} + 2?"
        begin = rng.randrange(len(TEXT) - LENGTH)
        yield number, rng, prompt, TEXT[begin : begin + LENGTH], float(rng.random() < 0.4)


def lines(rows: Iterator[Row]) -> bytes:
    """JSON lines."""
    return b"\n".join(map(orjson.dumps, rows))


def table(rows: Iterator[Row]) -> bytes:
    """Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), file)
    return file.getvalue()


def chat(prompt: str, *, answer: str) -> list[Row]:
    """A question and its answer as messages."""
    return [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]


def verl(rows: int) -> bytes:
    """A rollout dump."""
    return lines(
        {
            "input": f"user\n{prompt}\nassistant\n",
            "output": answer,
            "gts": "7",
            "score": reward,
            "step": 1,
            "acc": reward > 0,
        }
        for _, _, prompt, answer, reward in sampled(rows)
    )


def trl(rows: int) -> bytes:
    """Completions of GRPOTrainer."""
    return table(
        {"step": 1, "prompt": prompt, "completion": answer, "accuracy_reward": reward, "advantage": reward - 0.5}
        for _, _, prompt, answer, reward in sampled(rows)
    )


def ms_swift(rows: int) -> bytes:
    """Completions of ms-swift: a line of columns a step, of eight prompts."""
    found: list[Row] = []
    for number, _, prompt, answer, reward in sampled(rows):
        if number % (GROUP * GROUP) == 0:
            found.append({"gen_step": len(found), "prompt": [], "completion": [], "Accuracy": [], "advantages": []})
        item = {"prompt": prompt, "completion": answer, "Accuracy": reward, "advantages": reward - 0.5}
        for name, value in item.items():
            found[-1][name].append(value)
    return lines(iter(found))


def chats(rows: int) -> bytes:
    """Chats with rewards."""
    return lines(
        {"messages": chat(prompt, answer=answer), "reward": reward} for _, _, prompt, answer, reward in sampled(rows)
    )


def generations(rows: int) -> bytes:
    """One row a prompt, parallel lists."""
    found: dict[str, Row] = {}
    for _, _, prompt, answer, reward in sampled(rows):
        row = found.setdefault(
            prompt, {"problem": prompt, "answer": "7", "generations": [], "correctness_math_verify": []}
        )
        row["generations"].append(answer)
        row["correctness_math_verify"].append(reward > 0)
    return lines(iter(found.values()))


def lm_eval(rows: int) -> bytes:
    """Samples with repeats."""
    found: dict[str, Row] = {}
    for number, _, prompt, answer, _ in sampled(rows):
        row = found.setdefault(
            prompt,
            {
                "doc_id": number // GROUP,
                "doc": {"question": prompt},
                "target": "7",
                "arguments": {},
                "resps": [[]],
                "filtered_resps": ["7"],
                "filter": "none",
                "metrics": ["exact_match"],
                "doc_hash": "a",
                "prompt_hash": "b",
                "target_hash": "c",
                "exact_match": 1.0,
            },
        )
        row["resps"][0].append(answer)
    return lines(iter(found.values()))


def usual_rows(rows: int) -> Iterator[Row]:
    """Rows of a table whose columns are certain by name."""
    for number, _, prompt, answer, reward in sampled(rows):
        yield {"question": prompt, "response": answer, "correct": reward > 0, "length": LENGTH, "row": number}


def usual(rows: int) -> bytes:
    """Such a table as JSON lines."""
    return lines(usual_rows(rows))


def usual_csv(rows: int) -> bytes:
    """The same as CSV."""
    file = io.StringIO(newline="")
    table = list(usual_rows(rows))
    writer = csv.DictWriter(file, list(table[0]))
    writer.writeheader()
    writer.writerows(table)
    return file.getvalue().encode()


def inspect(rows: int) -> bytes:
    """An `.eval` log without compression of its own."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        head = {"version": 2, "status": "success", "eval": {"task": "sums", "model": "made/up", "created": ""}}
        archive.writestr("header.json", json.dumps(head))
        for number, _, prompt, answer, reward in sampled(rows):
            sample = {
                "id": number // GROUP,
                "epoch": number % GROUP + 1,
                "input": prompt,
                "target": "7",
                "messages": chat(prompt, answer=answer),
                "scores": {"exact": {"value": "C" if reward else "I"}},
            }
            archive.writestr(f"samples/{number // GROUP}_epoch_{number % GROUP + 1}.json", json.dumps(sample))
    return file.getvalue()


def nemo_rl(rows: int) -> bytes:
    """Training data with lists of a number a token."""
    return lines(
        {
            "idx": number,
            "content": [prompt, answer],
            "rewards": reward,
            "token_ids": list(range(LENGTH // 4)),
            "token_loss_mask": [0] * 20 + [1] * (LENGTH // 4 - 20),
            "sample_loss_mask": 1.0,
            "advantages": [0.0] * 20 + [reward - 0.4] * (LENGTH // 4 - 20),
            "generation_logprobs": [-rng.random() for _ in range(LENGTH // 4)],
            "prev_logprobs": [-rng.random() for _ in range(LENGTH // 4)],
            "input_lengths": LENGTH // 4,
        }
        for number, rng, prompt, answer, reward in sampled(rows)
    )


def spans(rows: int) -> bytes:
    """Spans of model calls, four to a trace, each with the whole chat before it."""

    def message(role: str, *, text: str) -> Row:
        return {"role": role, "parts": [{"type": "text", "content": text}]}

    said: list[Row] = []
    found: list[Row] = []
    for number, _, prompt, answer, _ in sampled(rows):
        said = [*said, message("user", text=prompt)] if number % 4 else [message("user", text=prompt)]
        output = message("assistant", text=answer)
        asked, answered = (json.dumps(one) for one in (said, [output]))
        attributes = {
            "gen_ai.input.messages": asked,
            "gen_ai.output.messages": answered,
            "gen_ai.request.model": "made/up",
        }
        ids = {"trace_id": f"{number // 4:032x}", "span_id": f"{number:016x}", "start_time": f"{number:012d}"}
        found.append(ids | {"name": "chat", "attributes": attributes, "events": []})
        said = [*said, output]
    return lines(iter(found))


MADE: dict[str, Callable[[int], bytes]] = {
    "verl.jsonl": verl,
    "trl.parquet": trl,
    "ms_swift.jsonl": ms_swift,
    "chats.jsonl": chats,
    "generations.jsonl": generations,
    "table.jsonl": usual,
    "table.csv": usual_csv,
    "lm_eval.jsonl": lm_eval,
    "inspect.eval": inspect,
    "nemo_rl.jsonl": nemo_rl,
    "spans.jsonl": spans,
}
"""Name of a file -> number of answers -> its content."""
