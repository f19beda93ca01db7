"""Outcome rewards of Tree-GRPO over a full transcript, prompt included. Knows text only.

Follows AMAP-ML/Tree-GRPO, `qa_em_format.py` and `qa_f1_format.py` (arXiv 2509.21240). An answer counts only if
the transcript holds at least two `<answer>` pairs, because the prompt shows one as an example.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

STRUCTURE_SCORE = 0.2
FINAL_SCORE = 0.1

_TAGS = ("think", "search", "information", "answer")
_TAG = re.compile(r"(</?(?:think|search|information|answer)>)")
_ASSISTANT = re.compile(r"<\|im_start\|>assistant\s*")
_ANSWER = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)
_INFORMATION = re.compile(r"<information>(.*?)</information>", re.DOTALL)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_CLOSED_ANSWERS = ("yes", "no", "noanswer")
_NEXT = {
    ("start", "<think>"): "in think",
    ("information", "<think>"): "in think",
    ("in think", "</think>"): "thought",
    ("thought", "<search>"): "in search",
    ("in search", "</search>"): "searched",
    ("searched", "<information>"): "in information",
    ("in information", "</information>"): "information",
    ("thought", "<answer>"): "in answer",
    ("in answer", "</answer>"): "end",
}


def transcript(prompt: str, response: str) -> str:
    """The chat text that the rules below read."""
    return f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n{response}"


def is_valid_format(full_text: str) -> bool:
    """Whether the assistant's part is think, (search, information, think)*, answer, with nothing between."""
    match = _ASSISTANT.search(full_text)
    if match is None:
        return False
    content = full_text[match.end() :]
    if any(content.count(f"<{tag}>") != content.count(f"</{tag}>") for tag in _TAGS):
        return False
    state = "start"
    for piece in _TAG.split(content):
        if _TAG.fullmatch(piece):
            if (state, piece) not in _NEXT:
                return False
            state = _NEXT[state, piece]
        elif (piece.strip() and not state.startswith("in")) or (piece.strip() and state == "information"):
            return False
    return state == "end"


def extract_answer(full_text: str) -> str | None:
    """The last answer, or None when there are fewer than two answer pairs (the first is the prompt's)."""
    answers = _ANSWER.findall(full_text)
    return answers[-1].strip() if len(answers) > 1 else None


def normalise(text: str) -> str:
    """Lower case, without punctuation, articles and repeated spaces."""
    kept = "".join(char for char in text.lower() if char not in string.punctuation)
    return " ".join(_ARTICLES.sub(" ", kept).split())


def exact_match(answer: str, gold: Sequence[str]) -> bool:
    """Whether `answer` equals one of `gold` after normalisation."""
    return normalise(answer) in {normalise(one) for one in gold}


def f1_score(answer: str, gold: Sequence[str]) -> float:
    """Best bag-of-words F1 over `gold`; yes, no and noanswer count only when equal."""
    return max((_f1(normalise(answer), normalise(one)) for one in gold), default=0.0)


def _f1(answer: str, gold: str) -> float:
    if answer != gold and (answer in _CLOSED_ANSWERS or gold in _CLOSED_ANSWERS):
        return 0.0
    said, wanted = answer.split(), gold.split()
    shared = sum((Counter(said) & Counter(wanted)).values())
    return 2 * shared / (len(said) + len(wanted)) if shared else 0.0


def _retrieved(full_text: str, gold: Sequence[str]) -> bool:
    found = [normalise(block) for block in _INFORMATION.findall(full_text)]
    return any(normalise(one) in block for one in gold for block in found)


def _graded(
    full_text: str, gold: Sequence[str], *, score: float, wrong: float, structure: float, retrieval: float
) -> float:
    valid = is_valid_format(full_text)
    answered = extract_answer(full_text) is not None
    if answered and score > 0:
        return score if valid else score - structure
    if valid:
        return structure + (retrieval if _retrieved(full_text, gold) else 0.0)
    return wrong if answered else 0.0


def exact_reward(full_text: str, gold: Sequence[str]) -> float:
    """1 if the answer matches exactly, else 0; the format does not matter."""
    answer = extract_answer(full_text)
    return float(answer is not None and exact_match(answer, gold))


def tree_grpo_reward(
    full_text: str,
    gold: Sequence[str],
    *,
    structure: float = STRUCTURE_SCORE,
    final: float = FINAL_SCORE,
    retrieval: float = 0.0,
) -> float:
    """Exact match plus format: right 1 or `1 - structure`; wrong `structure` (+ `retrieval`) or `final`."""
    score = exact_reward(full_text, gold)
    return _graded(full_text, gold, score=score, wrong=final, structure=structure, retrieval=retrieval)


def tree_grpo_f1_reward(
    full_text: str, gold: Sequence[str], *, structure: float = STRUCTURE_SCORE, retrieval: float = 0.0
) -> float:
    """F1 plus format. As in the reference code an ill-formed overlap may fall below 0: `f1 - structure`."""
    answer = extract_answer(full_text)
    score = f1_score(answer, gold) if answer is not None else 0.0
    return _graded(full_text, gold, score=score, wrong=0.0, structure=structure, retrieval=retrieval)


SCHEMES: Mapping[str, Callable[[str, Sequence[str]], float]] = {
    "exact": exact_reward,
    "tree_grpo": tree_grpo_reward,
    "tree_grpo_f1": tree_grpo_f1_reward,
}
"""Reward scheme name to `(full transcript, gold answers) -> reward`."""
