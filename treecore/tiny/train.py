"""Train the tiny model from nothing: `python -m treecore.tiny.train --out DIR`.

Demonstrations of mixed quality are made on the fly, so that at rollout the choices are the model's own. Knows no
trees and no credit.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from treecore.tiny.batches import Stream
from treecore.tiny.vocabulary import MAX_LENGTH, build_tokenizer

log = logging.getLogger("treecore.tiny.train")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights, together with the versions of the libraries.

    Attributes:
        steps: optimiser steps.
        batch: trajectories a step.
        learning_rate: peak of the one-cycle schedule.
        seed: of the initial weights and of every demonstration.
        threads: CPU threads.
    """

    steps: int = 4000
    batch: int = 32
    learning_rate: float = 2e-3
    seed: int = 0
    threads: int = 2


def new_model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """An untrained Llama of 4 layers and width 192, input and output embeddings tied."""
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=6,
        num_key_value_heads=6,
        max_position_embeddings=MAX_LENGTH,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config)
    model.generation_config.do_sample = True
    model.generation_config.temperature = 1.0
    model.generation_config.top_k = 0
    model.generation_config.max_length = MAX_LENGTH
    return model


def train(recipe: Recipe, out: Path) -> float:
    """Train by `recipe`, write model and tokenizer to `out`; returns the mean loss of the last 100 steps in nats."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    tokenizer = build_tokenizer()
    model = new_model(tokenizer)
    losses = _optimise(model, tokenizer, recipe)
    model.eval()
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    return sum(losses[-100:]) / len(losses[-100:])


def _optimise(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, recipe: Recipe) -> list[float]:
    bos, eos = int(tokenizer.bos_token_id), int(tokenizer.eos_token_id)
    stream = Stream(tokenizer.get_vocab(), bos=bos, eos=eos, seed=recipe.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.98), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=recipe.learning_rate, total_steps=recipe.steps, pct_start=0.1
    )
    losses: list[float] = []
    started = time.perf_counter()
    model.train()
    for number, batch in zip(
        range(recipe.steps), stream.batches(recipe.batch, pad=int(tokenizer.pad_token_id)), strict=False
    ):
        output = model(input_ids=batch.input_ids, labels=batch.labels, use_cache=False)
        optimizer.zero_grad()
        output.loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(float(output.loss.detach()))
        if number % 20 == 0 or number == recipe.steps - 1:
            recent = losses[-20:]
            log.info("step %d loss %.3f seconds %.0f", number, sum(recent) / len(recent), time.perf_counter() - started)
    return losses


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m treecore.tiny.train", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write the model to")
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--batch", type=int, default=Recipe.batch)
    parser.add_argument("--learning-rate", type=float, default=Recipe.learning_rate)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--threads", type=int, default=Recipe.threads)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    recipe = Recipe(chosen.steps, chosen.batch, chosen.learning_rate, chosen.seed, chosen.threads)
    log.info("mean loss of the last steps %.4f nats a token", train(recipe, chosen.out))


if __name__ == "__main__":
    main()
