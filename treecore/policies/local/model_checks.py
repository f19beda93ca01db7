"""Whether a loaded model can branch, tried by running it: forked rows of a batch against each alone; and its limits.

Knows models of transformers and their configurations; knows no text and no tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer
from transformers.models.auto import modeling_auto

from treecore.errors import PolicyError, boundary
from treecore.policies.local.kv_cache import KVSpec
from treecore.policies.local.memory import TOO_LARGE, out_of_memory
from treecore.policies.local.model_runner import Layout, ModelRunner, cache_argument
from treecore.policies.local.onednn_model import packed_copy, redirected

FULL, SLIDING = "full_attention", "sliding_attention"
TODO = "use a decoder-only model whose layers have full attention or sliding windows"
NO_LIMIT = 1 << 20
PROBE_WINDOW = 3
PROBE_TOKENS = 512
TOLERANCES = {torch.float32: 1e-2}
LOOSE_TOLERANCE = 0.3
AHEAD_TOLERANCES = {torch.float32: 1e-4}
LOOSE_AHEAD_TOLERANCE = 0.05
WRITERS = frozenset(modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values())
FILLERS = modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
OTHERS = (
    FILLERS,
    modeling_auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    modeling_auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
    modeling_auto.MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES,
)
SIGNS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a pass raises that cannot take its arguments; other exceptions are no evidence of that."""
NO_WRITERS = frozenset(name for names in OTHERS for name in names.values()) - WRITERS
"""Classes of models that fill gaps or judge texts."""


class Branchable(NamedTuple):
    """A model that can be branched.

    Attributes:
        layout: its layers.
        token_bytes: keys and values of one token, in all layers.
        packed: whether `packed_copy` of the model gives the same.
    """

    layout: Layout
    token_bytes: int
    packed: bool


def check_branchable(
    model: Any, name: str, *, max_length: int, static: bool = False, small: bool = False
) -> Branchable:
    """Find out how a model's layers work and try them, in a store of the kind that will be used.

    Args:
        small: it may be run as a packed copy.

    Raises:
        PolicyError: branches in a batch would not give what the model gives.
    """
    windows = windows_of(model, name)
    refused = f"model {name!r} cannot be branched: "
    if max_length < 8:
        raise PolicyError(f"{refused}its context of {max_length} tokens is too short", todo="use another model")
    runs = some_runs(model)
    with tried(name), short_windows(model, windows) as shortened:
        plain = [_plain(model, run) for run in runs]
        check_finite(plain, model, name)
        check_causal(plain[0], model, name, run=runs[0])
        specs = specs_of(model, runs[0])
        layout = Layout(specs, shortened)
        runner = ModelRunner(
            model, layout=layout, max_rows=4, max_length=max_length, max_tokens=PROBE_TOKENS, static=static
        )
        try:
            batched = _batched(runner, runs)
        except SIGNS as error:
            if says_nothing(error):
                raise
            raise PolicyError(
                f"{refused}it does not take rows of different length ({type(error).__name__}: {error})",
                todo="use another model",
            ) from error
        expected = [logits[-1] for logits in plain]
        packed = small and not static and packable(model, layout) and _alike(model, layout, runs, expected)
    _compare(list(zip(batched, expected, strict=True)), model, name)
    token_bytes = sum(one.heads * one.dim * one.dtype.itemsize for pair in specs for one in pair)
    return Branchable(Layout(specs, windows), token_bytes, packed)


def packable(model: Any, layout: Layout) -> bool:
    """Whether a model is of the kind that `packed_copy` is for: float32, with full attention alike in all layers."""
    full, alike = set(layout.windows.values()) == {None}, len(set(chain(*layout.specs))) == 1
    known = model.dtype == torch.float32 and model.config._attn_implementation == "sdpa" and not redirected(model)
    return full and alike and known


def _alike(model: Any, layout: Layout, runs: Sequence[Sequence[int]], expected: Sequence[Tensor]) -> bool:
    """Whether the packed copy can be made, and branches of it get the same logits."""
    try:
        runner = ModelRunner(
            packed_copy(model), layout=layout, max_rows=4, max_length=NO_LIMIT, max_tokens=PROBE_TOKENS
        )
        found = _batched(runner, runs)
    except SIGNS as error:
        if says_nothing(error):
            raise
        return False
    return all(far(one, expected=own) <= TOLERANCES[torch.float32] for one, own in zip(found, expected, strict=True))


@contextmanager
def tried(name: str) -> Iterator[None]:
    """Passes through a model that is not known yet; what it raises goes on in its own words.

    Raises:
        PolicyError: no memory is left, or a pass failed.
    """
    with boundary(PolicyError, f"model {name!r}"):
        try:
            with torch.inference_mode():
                yield
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            raise PolicyError(f"no memory is left to run model {name!r}", todo=TOO_LARGE) from error


def says_nothing(error: Exception) -> bool:
    """Whether the reason lies in the machine, not in the model."""
    return out_of_memory(error) or "CUDA error" in str(error)


def check_kind(config: Any, name: str) -> None:
    """See that a configuration is of a model that writes from left to right.

    Raises:
        PolicyError: it is of another one.
    """
    other = NO_WRITERS.intersection(config.architectures or ())
    own = config.get_text_config(decoder=True)
    fills = getattr(own, "is_decoder", None) is False and own.model_type in FILLERS
    both = getattr(own, "use_bidirectional_attention", None) in (True, "all")
    why = ""
    if config.is_encoder_decoder:
        why = "it is an encoder-decoder"
    elif other:
        why = f"it was saved as {min(other)}, which writes no text"
    elif fills or both or getattr(own, "is_causal", None) is False:
        why = "its attention looks in both directions"
    if why:
        raise PolicyError(f"model {name!r} cannot be branched: {why}", todo=TODO)


def windows_of(model: Any, name: str) -> dict[str, int | None]:
    """Kinds of layers and how far they look back; all have plain keys and values, and full attention or a window.

    Raises:
        PolicyError: some are of another kind.
    """
    check_kind(model.config, name)
    refused = f"model {name!r} cannot be branched: "
    config = model.config.get_text_config(decoder=True)
    try:
        layers = DynamicCache(config=config).layers
    except SIGNS as error:
        raise PolicyError(refused + f"its cache is of an unknown kind ({error})", todo=TODO) from error
    odd = {type(layer).__name__ for layer in layers if type(layer) not in (DynamicLayer, DynamicSlidingWindowLayer)}
    odd |= {kind for kind in getattr(config, "layer_types", None) or () if kind not in (FULL, SLIDING)}
    odd |= {"chunked_attention"} if getattr(config, "attention_chunk_size", None) is not None else set()
    if odd or not layers:
        raise PolicyError(refused + f"it has layers of another kind ({', '.join(sorted(odd)) or 'none'})", todo=TODO)
    windows = {layer.sliding_window for layer in layers if layer.is_sliding}
    if len(windows) > 1:
        raise PolicyError(refused + "its layers have windows of different lengths", todo=TODO)
    return {
        (SLIDING if layer.is_sliding else FULL): layer.sliding_window if layer.is_sliding else None for layer in layers
    }


def specs_of(model: Any, run: Sequence[int]) -> tuple[tuple[KVSpec, KVSpec], ...]:
    """What each layer keeps of a token as key and as value, from a pass over a few."""
    cache = DynamicCache(config=model.config.get_text_config(decoder=True))
    ids = torch.tensor([run], device=model.device)
    model(input_ids=ids, use_cache=True, **{cache_argument(model): cache})
    return tuple(
        (
            KVSpec(heads=keys.shape[1], dim=keys.shape[3], dtype=keys.dtype),
            KVSpec(heads=values.shape[1], dim=values.shape[3], dtype=values.dtype),
        )
        for keys, values in ((layer.keys, layer.values) for layer in cache.layers)
    )


@contextmanager
def short_windows(model: Any, windows: dict[str, int | None]) -> Iterator[dict[str, int | None]]:
    """The model with windows so short that a few tokens go beyond them, and its layers as they then are."""
    if SLIDING not in windows:
        yield windows
        return
    config = model.config.get_text_config(decoder=True)
    before, config.sliding_window = config.sliding_window, PROBE_WINDOW
    try:
        yield {**windows, SLIDING: PROBE_WINDOW}
    finally:
        config.sliding_window = before


def some_runs(model: Any) -> list[list[int]]:
    """Three runs of random tokens of different length."""
    generator = torch.Generator().manual_seed(0)
    vocabulary = int(model.config.get_text_config(decoder=True).vocab_size)
    return [torch.randint(vocabulary, (n,), generator=generator).tolist() for n in (7, 4, 6)]


def _batched(runner: ModelRunner, runs: Sequence[Sequence[int]]) -> list[Tensor]:
    """Last logits of runs fed in chunks and token by token, one of them forked into another row half way."""
    first, second, third = runs
    runner.feed([0, 1, 2], [first[:5], second[:2], third[:3]])
    after_third = runner.feed([2, 0], [third[3:], first[5:6]])[0]
    runner.feed([0, 1, 2], [[], second[2:3], []])
    runner.cache.load(3, [runner.cache.read(0, 0, 4), runner.cache.read(0, 4, 6)])
    after_first = runner.feed([3], [first[6:]])[0]
    after_second = runner.feed([1], [second[3:]])[0]
    return [logits.float() for logits in (after_first, after_second, after_third)]


def _plain(model: Any, run: Sequence[int]) -> Tensor:
    """Logits `[n, V]` after every token of a run, as the model gives them by itself."""
    logits: Tensor = model(input_ids=torch.tensor([run], device=model.device), use_cache=False).logits[0]
    return logits.float()


def check_finite(plain: Sequence[Tensor], model: Any, name: str) -> None:
    """Raises: PolicyError: some logits are no numbers."""
    if all(bool(logits.isfinite().all()) for logits in plain):
        return
    number = str(model.dtype).removeprefix("torch.")
    found, todo = f"model {name!r} gives no finite numbers in {number}", "use dtype float32 or bfloat16"
    if model.dtype != torch.float16:
        broken = [key for key, weight in model.named_parameters() if not bool(weight.float().isfinite().all())]
        if broken:
            raise PolicyError(
                f"model {name!r} has weights that are not finite ({broken[0]}, {len(broken)} in all)",
                todo="save or download it again, or use another model",
            )
        todo = "use another model" if model.dtype == torch.float32 else "use dtype float32"
    raise PolicyError(found, todo=todo)


def check_causal(plain: Tensor, model: Any, name: str, *, run: Sequence[int]) -> None:
    """See that no logits depend on tokens after them: all later ones of a run are replaced.

    Raises:
        PolicyError: some do.
    """
    half, vocabulary = len(run) // 2, plain.shape[1]
    other = _plain(model, [*run[:half], *((token + 1) % vocabulary for token in run[half:])])
    moved, spread = float((other - plain)[:half].abs().max()), float(plain.std())
    if not moved <= AHEAD_TOLERANCES.get(model.dtype, LOOSE_AHEAD_TOLERANCE) * max(spread, 1e-6):
        raise PolicyError(
            f"model {name!r} cannot be branched: its attention looks ahead "
            f"(later tokens move its logits by {moved:.3g} of {spread:.3g})",
            todo=TODO,
        )


def _compare(pairs: Sequence[tuple[Tensor, Tensor]], model: Any, name: str) -> None:
    for got, expected in pairs:
        if not far(got, expected=expected) <= TOLERANCES.get(model.dtype, LOOSE_TOLERANCE):
            size, spread = float((got - expected).abs().max()), float(expected.std())
            raise PolicyError(
                f"model {name!r} cannot be branched: "
                f"its forked branches give other logits than it does (off by {size:.3g} of {spread:.3g})",
                todo="use another model",
            )


def far(got: Tensor, *, expected: Tensor) -> float:
    """How far logits are from those that are expected, in units of their spread."""
    return float((got - expected).abs().max()) / max(float(expected.std()), 1e-6)


def context_length(model: Any, tokenizer: Any) -> int:
    """Positions that the model knows, or that its tokenizer says it knows.

    Rotary positions that change for a whole batch once one of its rows is long count up to there only.
    """
    config = model.config.get_text_config(decoder=True)
    rotary = getattr(config, "rope_parameters", None) or {}
    layers = [rotary, *(layer for layer in rotary.values() if isinstance(layer, dict))]
    known = [layer.get("original_max_position_embeddings") for layer in layers if layer.get("rope_type") == "longrope"]
    known += [getattr(config, "max_position_embeddings", None), getattr(tokenizer, "model_max_length", None)]
    return min([int(length) for length in known if length and length > 0] + [NO_LIMIT])


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Ids that end a text."""
    generation = getattr(model, "generation_config", None)
    found: set[int] = set()
    for value in (getattr(generation, "eos_token_id", None), model.config.eos_token_id, tokenizer.eos_token_id):
        found.update([] if value is None else value if isinstance(value, (list, tuple)) else [value])
    return frozenset(found)
