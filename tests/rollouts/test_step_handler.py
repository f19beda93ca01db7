"""What happens when a step ends: the containers that its tokens go through."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from sources import parsed, sources
from toy import ToyTask, toy_policy

from treecore.core import builder
from treecore.policies.base import Completion
from treecore.rollouts import rollout, step_handler
from treecore.rollouts.trajectory import token_columns


def test_a_token_changes_its_container_twice_on_its_way_to_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the completion of its branch to the tokens of a step, and from there to the table of the forest."""
    steps: list[tuple[Completion, builder.StepTokens]] = []
    packed: list[builder.StepTokens | None] = []

    def made(written: Completion, *args: Any, **kwargs: Any) -> builder.StepTokens:
        steps.append((written, token_columns(written, *args, **kwargs)))
        return steps[-1][1]

    def pack(tokens: list[builder.StepTokens | None]) -> Any:
        packed.extend(tokens)
        return pack_tokens(tokens)

    pack_tokens = builder.pack_tokens
    monkeypatch.setattr(step_handler, "token_columns", made)
    monkeypatch.setattr(builder, "pack_tokens", pack)
    (forest,) = rollout(task=ToyTask(), model=toy_policy(), sampler="chains", m=2)
    tokens = [one for one in packed if one is not None]
    assert {id(one) for one in tokens} == {id(one) for _, one in steps}
    drawn = sorted(number for written, _ in steps for number in written.logprob)
    assert forest.tokens is not None
    assert sorted(forest.tokens.logprob[forest.tokens.is_model].tolist()) == drawn


def test_nothing_else_holds_tokens_with_their_numbers() -> None:
    """Beside the three containers, only what is one token, or the draws of one pass, has these columns."""
    folders = ("core", "policies", "rollouts", "samplers")
    found = {
        node.name
        for folder in folders
        for path in sources(f"treecore/{folder}")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef) and {"logprob", "confidence"} <= fields(node)
    }
    assert found == {"Completion", "StepTokens", "TokenTable", "Drawn", "DrawnToken", "Token"}


def fields(node: ast.ClassDef) -> set[str]:
    declared = (one.target for one in node.body if isinstance(one, ast.AnnAssign))
    return {target.id for target in declared if isinstance(target, ast.Name)}
