"""The word-level vocabulary of the tiny model and its tokenizer. Knows the tasks' words, no weights."""

from __future__ import annotations

import re

from tokenizers import AddedToken, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import PreTrainedTokenizerFast

from treecore.tasks.countdown import task as countdown
from treecore.tasks.multihop import task as multihop
from treecore.tiny import demo_countdown, demo_multihop

PAD, BOS, EOS, UNK = "<pad>", "<bos>", "<eos>", "<unk>"
MAX_LENGTH = 256
_TAG = re.compile(r"</?[a-z]+>")


def words() -> list[str]:
    """Every token that is not a control token, in id order: what the tasks and the demonstrations emit."""
    sources = (multihop, countdown, demo_multihop, demo_countdown)
    return list(dict.fromkeys(word for source in sources for word in source.vocabulary()))


def build_tokenizer() -> PreTrainedTokenizerFast:
    """One token a word, split at spaces; decoding gives the words joined by single spaces.

    Tags and the line end are tokens of their own even where no space is next to them.
    """
    known = words()
    ids = {word: place for place, word in enumerate([PAD, BOS, EOS, UNK, *known])}
    backend = Tokenizer(WordLevel(ids, unk_token=UNK))
    backend.pre_tokenizer = WhitespaceSplit()
    glued = [word for word in known if word == "\n" or _TAG.fullmatch(word)]
    backend.add_tokens([AddedToken(word, normalized=False) for word in glued])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        unk_token=UNK,
        clean_up_tokenization_spaces=False,
        model_max_length=MAX_LENGTH,
    )
