"""Load a tokenizer and weights from a folder or a Hugging Face model, completely as they were saved or not at all.

What cannot be loaded whole is refused in one sentence: which file, what is wrong with it, what to do. No code of a
model repository is run, and weights come from safetensors only. Knows nothing of batches and branches.
"""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies

import orjson
import torch
from huggingface_hub import constants
from transformers import CONFIG_MAPPING, AutoConfig, AutoModelForCausalLM, AutoTokenizer

from treecore.core.numerals import counted
from treecore.errors import PolicyError
from treecore.policies.local.digest import ADAPTER, digest_of_files, digest_of_model, weight_files
from treecore.policies.local.memory import out_of_memory
from treecore.policies.local.model_checks import check_kind

HUB_SECONDS = 5.0
NAMED = 3
NAMES = "give 'tiny', a model's folder or a hub name"
FOLDER = "give a folder as save_pretrained writes it: config.json, tokenizer.json and safetensors"
AGAIN = "save or download the model again"

log = logging.getLogger(__name__)


class Checkpoint(NamedTuple):
    """What was loaded.

    Attributes:
        model: in evaluation mode, on its device.
        tokenizer: its tokenizer.
        digest: of the weights as they were saved.
    """

    model: Any
    tokenizer: Any
    digest: str


def load_checkpoint(name: str, *, device: torch.device, dtype: torch.dtype) -> Checkpoint:
    """Load `tiny`, a local folder or a hub model.

    Raises:
        PolicyError: nothing is there, it is broken or not whole, it is no model that writes, or memory is too small.
    """
    source, local = locate(name)
    if Path(source).is_dir():
        check_folder(Path(source), name)
    options = {"local_files_only": local, "trust_remote_code": False}
    part = "config.json"
    try:
        check_kind(AutoConfig.from_pretrained(source, **options), name)
        part = "tokenizer"
        tokenizer = AutoTokenizer.from_pretrained(source, **options)
        part = "weights"
        model, report = AutoModelForCausalLM.from_pretrained(
            source, **options, use_safetensors=True, dtype=dtype, output_loading_info=True, ignore_mismatched_sizes=True
        )
        check_whole(report, name)
        check_rows(model, tokenizer, name)
        model = model.to(device).eval()
        files = weight_files(source)
        digest = digest_of_files(model, files, unused=report["unexpected_keys"]) if files else digest_of_model(model)
    except PolicyError:
        raise
    except Exception as error:
        if out_of_memory(error):
            raise PolicyError(
                f"model {name!r} does not fit into the memory of {device}",
                todo="use a smaller model, a shorter dtype or a device with more memory",
            ) from error
        raise not_loaded(name, reason(part, error), todo=f"{AGAIN}, or {NAMES}") from error
    return Checkpoint(model, tokenizer, digest)


def locate(model: str) -> tuple[str, bool]:
    """Where to load from, and whether to look on this machine only: a folder, or the cache when no hub answers.

    Raises:
        PolicyError: no name, or it reads as a path and no folder is there.
    """
    if not model.strip():
        raise PolicyError("the model's name is empty", todo=NAMES)
    if model == "tiny":
        from treecore import tiny

        return str(tiny.path()), True
    folder = Path(model).expanduser()
    if folder.is_dir():
        return str(folder), True
    if folder.is_file():
        raise PolicyError("this is a file, not a model's folder", where=model, todo="give the folder that it lies in")
    if model.startswith((".", "~", os.sep)) or model.count("/") > 1:
        raise PolicyError("there is no such folder", where=model, todo=NAMES)
    return model, not hub_answers()


def hub_answers() -> bool:
    """Whether the model hub can be reached; taken for granted behind a proxy."""
    if getproxies():
        return True
    hub = urlsplit(constants.ENDPOINT)
    try:
        socket.create_connection((hub.hostname, hub.port or 443), timeout=HUB_SECONDS).close()
    except OSError:
        return False
    return True


def check_folder(folder: Path, name: str) -> None:
    """Raises: PolicyError: a folder lacks what every model has."""
    file = folder / "config.json"
    if not file.is_file() and (folder / ADAPTER).is_file():
        raise not_loaded(name, "the folder holds an adapter alone", todo="merge it into its model and save the whole")
    if not file.is_file():
        raise not_loaded(name, "the folder holds no config.json", todo=FOLDER)
    try:
        config = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise not_loaded(name, f"its config.json cannot be read ({error})", todo=AGAIN) from error
    if not isinstance(config, dict):
        raise not_loaded(name, f"its config.json holds a {type(config).__name__}, not an object", todo=AGAIN)
    if not config.get("model_type"):
        raise not_loaded(name, "its config.json names no model_type", todo=FOLDER)
    if config["model_type"] not in CONFIG_MAPPING:
        kind = str(config["model_type"])[:60]
        raise not_loaded(
            name,
            f"its model_type {kind!r} is none that the installed transformers knows",
            todo="upgrade transformers, or use another model; code of a model's own is not run",
        )
    if not any(folder.glob("*.safetensors")):
        raise not_loaded(name, "the folder holds no safetensors, and other weights are not read", todo=FOLDER)


def check_whole(report: dict[str, Any], name: str) -> None:
    """See that every weight came from the files, and warn of those that nothing was done with.

    Raises:
        PolicyError: some are missing or of another size; the library would make random ones in their place.
    """
    if missing := report["missing_keys"]:
        raise not_loaded(
            name,
            f"{some(missing)} missing that its config.json asks for",
            todo=f"{AGAIN}, or use the config.json that it was saved with",
        )
    if other := sorted(report["mismatched_keys"]):
        key, saved, wanted = other[0]
        raise not_loaded(
            name,
            f"{len(other)} of its weights have other sizes than its config.json says: "
            f"{key} is {by(saved)}, not {by(wanted)}",
            todo="use the config.json that the model was saved with",
        )
    if unused := report["unexpected_keys"]:
        log.warning("model %r: %s saved that its config.json does not ask for; they are left out", name, some(unused))


def check_rows(model: Any, tokenizer: Any, name: str) -> None:
    """See that the model has an input embedding for every id that its tokenizer gives for plain text or puts before it.

    Added tokens may lie beyond: some models that see no images keep the name of one, and some a padding that is unused.

    Raises:
        PolicyError: there are fewer rows.
    """
    rows = int(model.get_input_embeddings().weight.shape[0])
    plain = tokenizer.get_vocab().items() - tokenizer.get_added_vocab().items()
    largest = max([*(number for _, number in plain), *tokenizer("")["input_ids"]], default=0)
    if largest >= rows:
        raise not_loaded(
            name,
            f"its tokenizer gives ids up to {largest}, but the model has embeddings for {rows} only, 0 to {rows - 1}",
            todo="use the tokenizer that the model was trained with",
        )


def some(keys: Collection[str]) -> str:
    """How many weights, and the names of the first, up to where a verb follows."""
    names = sorted(keys)
    more = ", …" if len(names) > NAMED else ""
    number = counted(len(names), "weight")
    return f"{number} ({', '.join(names[:NAMED])}{more}) {'is' if len(names) == 1 else 'are'}"


def by(shape: Collection[int]) -> str:
    """A shape as a person writes it."""
    return " x ".join(map(str, shape)) or "a single number"


def not_loaded(name: str, why: str, *, todo: str) -> PolicyError:
    """Why a model could not be loaded."""
    return PolicyError(f"model {name!r} could not be loaded: {why}", todo=todo)


def reason(part: str, error: Exception) -> str:
    """What the model library says, in one sentence: the first line that says it, and where it was found."""
    if "backend tokenizer" in str(error):
        return "it has no tokenizer that can be read: there is no tokenizer.json, nor another that can be made into one"
    if "Unrecognized configuration class" in str(error):
        return "it is of no kind that writes text"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = next((line for line in lines if not line.endswith(":")), type(error).__name__)
    said = re.sub(r"^\w+Error: ", "", telling).rstrip(". ")
    if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
        return said
    if isinstance(error, LookupError | TypeError | AttributeError):
        said = f"{type(error).__name__}: {said}"
    return f"its {part} cannot be read ({said})"
