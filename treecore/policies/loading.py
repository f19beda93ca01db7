"""`load_policy`: make a policy from the name of a model. Imports a model library only when a model is loaded."""

from __future__ import annotations

from treecore.errors import PolicyError
from treecore.policies.base import Policy, complete_policy
from treecore.policies.load_options import LoadOptions


def load_policy(
    model: str,
    *,
    device: str | None = None,
    dtype: str | None = None,
    batch_tokens: int | None = None,
    static: bool = False,
    server: str | None = None,
    concurrency: int = 16,
    timeout: float = 120.0,
) -> Policy:
    """A policy by name: `tiny` (bundled), a local folder, a model name of the Hugging Face hub, or one of a server.

    Args:
        model: what to load; with `server`, the name that it has there.
        device, dtype, batch_tokens, static: see `LoadOptions`; not with `server`.
        server: address of an OpenAI-compatible server that runs the model, for example `http://localhost:8000/v1`.
            A key, where it wants one, comes from the environment variable `OPENAI_API_KEY`.
        concurrency: requests under way at a time; with `server` only.
        timeout: longest wait for one answer, seconds; with `server` only.

    Raises:
        PolicyError: it cannot be loaded or reached, its attention keeps no plain list of keys and values, or an
            argument that does not fit.
    """
    options = LoadOptions(device=device, dtype=dtype, batch_tokens=batch_tokens, static=static)
    if server is not None:
        from treecore.policies.openai.policy import ServerPolicy

        if wrong := list(options.given):
            raise PolicyError(f"{wrong[0]} is given for a model that a server runs", todo="leave it to the server")
        return ServerPolicy.connect(server, model, concurrency=concurrency, timeout=timeout)
    from treecore.policies.local.policy import TransformersPolicy

    return TransformersPolicy.load(model, options)


def policy_of(model: str | Policy, options: LoadOptions) -> Policy:
    """The policy that is named, loaded as the options say; or the one that is given.

    Raises:
        PolicyError: see `load_policy`; or options for a policy that is loaded already.
    """
    if isinstance(model, str):
        return load_policy(model, **options.given)
    if options.given:
        raise PolicyError(f"a {next(iter(options.given))} for a model that is loaded already", todo="load it so")
    return complete_policy(model)
