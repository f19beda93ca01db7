"""What `treecore bench app` prints: figures as Markdown tables, which also read well in a terminal, and the goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click


def print_app(document: dict[str, Any]) -> None:
    """The figures as a Markdown table and the goals, which also read well in a terminal."""
    host = document["machine"]
    click.echo(
        f"{host['cpu_count']} CPU cores ({host['processor']}), Python {host['python']}; load {host['load_before']} "
        f"before and {host['load_after']} after. First page: {document['first_page_ms']:.0f} ms.\n"
    )
    click.echo(f"Data: {document['data']}.\n")
    click.echo(
        "| nodes | upload until drawn | click to words, median (most) | click to end of run | bytes a click, most | "
        "scrolling, frames a second by height of a row | server memory | browser memory |"
    )
    click.echo("|---:" * 8 + "|")
    for case in document["cases"]:
        done = case["click"]
        click.echo(
            f"| {case['nodes']:,} | {case['upload_ms'] / 1000:.1f} s | {done['words_ms']:.0f} ms "
            f"({done['words_ms_most']:.0f}) | {done['settled_ms']:.0f} ms | "
            f"{done['received_bytes_most'] + done['sent_bytes_most']:,} | {frames_of(case['pan'])} | "
            f"{megabytes(case['server_bytes'])} | "
            f"{megabytes(case['browser_bytes'])} |"
        )
    click.echo()
    print_goals(document)


def frames_of(pans: Sequence[Mapping[str, float]]) -> str:
    """`58 (34 px), 41 (2 px)`."""
    return ", ".join(f"{pan['frames']:.0f} ({pan['row']:.3g} px)" for pan in pans)


def megabytes(held: int | None) -> str:
    """`123 MB`, `-` where it is not known."""
    return "-" if held is None else f"{held / 1e6:.0f} MB"


def print_class(document: dict[str, Any]) -> None:
    """The figures of a class and the goals."""
    host, asked, memory, runs = (document[name] for name in ("machine", "asked", "memory", "runs"))
    click.echo(
        f"{host['cpu_count']} CPU cores ({host['processor']}), Python {host['python']}, streamlit {host['streamlit']}, "
        f"torch {host['torch']}; load {host['load_before']} before and {host['load_after']} after.\n"
    )
    click.echo(f"{asked['sessions']} sessions for {asked['seconds']:.0f} s. {document['data']}\n")
    click.echo("| action | times | median | 95th percentile | most |\n|---|---:|---:|---:|---:|")
    for kind, one in document["actions"].items():
        spent = " | ".join(f"{one[name]:.0f} ms" for name in ("median_ms", "p95_ms", "most_ms"))
        click.echo(f"| {kind} | {one['count']:,} | {spent} |")
    click.echo("\n| server memory | MB |\n|---|---:|")
    words = ("with the first session", "when all had come in", "when they had worked", "after all had left")
    for what, held in zip(words, memory.values(), strict=True):
        click.echo(f"| {what} | {held / 1e6:.0f} |")
    flood = ", ".join(f"{seconds:.0f}" for seconds in runs["flood_seconds"])
    click.echo(
        f"\nFrom asking to seeing it done: {runs['small']} small runs {runs['small_seconds']:.1f} s (median; at most "
        f"{runs['small_seconds_most']:.1f}), the flood's {flood} s.\n"
    )
    print_goals(document)
    for error in document["errors"]:
        click.echo(f"failed: {error}")


def print_goals(document: dict[str, Any]) -> None:
    """Each goal, and whether it was met or by how much not."""
    for goal in document["goals"]:
        over = "" if goal["met"] else f", {goal['found'] - goal['limit']:,.0f} too many"
        verdict = "met" if goal["met"] else "missed"
        click.echo(f"{verdict}: {goal['what']}, {goal['at']}: {goal['found']:,.0f} of {goal['limit']:,.0f}{over}")
