"""Pieces of text: joined they are the step, whatever a token is made of."""

from __future__ import annotations

from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from toy import toy_tokenizer
from transformers import PreTrainedTokenizerFast

from treecore.policies.local.detokenize import Detokenizer


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """One token a byte."""
    letters = {letter: place for place, letter in enumerate(sorted(ByteLevel.alphabet()))}
    backend = Tokenizer(BPE(vocab=letters, merges=[]))
    backend.pre_tokenizer = ByteLevel(add_prefix_space=False)
    backend.decoder = ByteDecoder()
    return PreTrainedTokenizerFast(tokenizer_object=backend)


def test_words_are_joined_by_spaces() -> None:
    tokenizer = toy_tokenizer()
    token_strings = Detokenizer(tokenizer).token_strings(tokenizer("a b .")["input_ids"])
    assert token_strings == ["a", " b", " ."]


def test_a_character_of_many_tokens_belongs_to_the_last() -> None:
    tokenizer = byte_tokenizer()
    detokenizer = Detokenizer(tokenizer)
    for text in ("naïve 🌳 tree", "🌳🌳", "a\n\nb"):
        token_strings = detokenizer.token_strings(tokenizer(text)["input_ids"])
        assert "".join(token_strings) == text
        assert len(token_strings) == len(text.encode())
    assert detokenizer.token_strings(tokenizer("🌳")["input_ids"]) == ["", "", "", "🌳"]


def test_bytes_that_make_no_character_do_not_hide_what_follows() -> None:
    tokenizer = byte_tokenizer()
    broken = tokenizer("🌳")["input_ids"][:2]
    token_strings = Detokenizer(tokenizer).token_strings([*broken, *tokenizer("ok")["input_ids"]])
    assert "".join(token_strings).endswith("ok")
