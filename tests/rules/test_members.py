"""Objects that follow a protocol are asked for its members, and never guessed at."""

from __future__ import annotations

import ast

from sources import ROOT, nodes, sources

FOREIGN = {
    "os",
    "runtime.get_instance()",
    "error",
    "own",
    "config",
    "generation",
    "model",
    "tokenizer",
    "number",
    "hint",
    "function",
    "state",
}
"""Modules that differ by system, exceptions, objects of other libraries whose members differ by version."""


def test_no_member_of_our_own_objects_is_guessed() -> None:
    """`getattr` of a constant name is for what other libraries make."""
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
        for path in [*sources("treecore"), *sources("app")]
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "getattr"
        and isinstance(node.args[1], ast.Constant)
        and ast.unparse(node.args[0]) not in FOREIGN
    ]
    assert wrong == []


def test_no_class_hides_data_in_a_number_a_text_or_a_list() -> None:
    plain = {"str", "int", "float", "bytes", "list", "dict", "tuple", "set"}
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in [*sources("treecore"), *sources("app")]
        for node in nodes(path)
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).split("[")[0] in plain for base in node.bases)
    ]
    assert wrong == []
