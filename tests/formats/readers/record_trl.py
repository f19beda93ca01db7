"""Write the fixtures `data/trl-VERSION-logged` and `data/trl-VERSION-chat` with TRL's own trainer on the bundled model.

Needs `trl`, `datasets` and `accelerate`, which the tests do not: `python tests/formats/readers/record_trl.py OUT`.
"""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOConfig, GRPOTrainer

WEIGHTS = Path(__file__).parents[3] / "treecore" / "tiny" / "weights"
ASK = "lines up to 50 like 2 + 3 = 5 , left 5 9 then <answer> 14 </answer> . make {} from {} \n"
TASKS = ((18, "1 9 9"), (12, "2 2 3"))
TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def target_reward(completions: list[Any], target: list[str], log_extra: Any = None, **_: Any) -> list[float | None]:
    """1 for the right answer, 0 for a wrong one, none where there is no answer; logs what it looked for."""
    texts = [text_of(one) for one in completions]
    log_extra("target", target)
    log_extra("seconds", [0.25 * len(text) for text in texts])
    return [
        float(f"<answer> {goal} </answer>" in text) if "<answer>" in text else None
        for text, goal in zip(texts, target, strict=True)
    ]


def short_reward(completions: list[Any], **_: Any) -> list[float | None]:
    """Less for more words; none where there is no answer."""
    return [-len(text.split()) / 100 if "<answer>" in text else None for text in map(text_of, completions)]


def text_of(completion: Any) -> str:
    return completion if isinstance(completion, str) else str(completion[0]["content"])


def record(out: Path, *, chat: bool) -> None:
    """Two training steps, two prompts of four completions each."""
    asked = [ASK.format(*task) for task in TASKS]
    prompts: list[Any] = [[{"role": "user", "content": text}] for text in asked] if chat else asked
    tokenizer = AutoTokenizer.from_pretrained(WEIGHTS)
    tokenizer.chat_template = TEMPLATE
    settings = GRPOConfig(
        output_dir=str(out / "run"),
        per_device_train_batch_size=8,
        num_generations=4,
        max_completion_length=40,
        max_steps=2,
        logging_steps=1,
        log_completions=True,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        seed=5,
    )
    GRPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(WEIGHTS),
        reward_funcs=[target_reward, short_reward],
        args=settings,
        train_dataset=Dataset.from_dict({"prompt": prompts, "target": [str(goal) for goal, _ in TASKS]}),
        processing_class=tokenizer,
    ).train()
    place = out / f"trl-{version('trl')}-{'chat' if chat else 'logged'}"
    shutil.copytree(out / "run" / "completions", place / "completions", dirs_exist_ok=True)


if __name__ == "__main__":
    for chat in (False, True):
        record(Path(sys.argv[1]), chat=chat)
