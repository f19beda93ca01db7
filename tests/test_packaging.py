"""What is asked of other packages: bounds on both sides, and the lock of what the tests last passed with."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import treecore

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "constraints.txt").read_text()
MINORS = ("transformers", "streamlit", "torch", "plotly", "ray")
"""Packages whose next minor release may break us."""


def asked() -> list[Requirement]:
    """Everything that is asked for, by whichever extra."""
    extras = PROJECT["project"]["optional-dependencies"].values()
    lists = [PROJECT["build-system"]["requires"], PROJECT["project"]["dependencies"], *extras]
    return [Requirement(line) for lines in lists for line in lines if not line.startswith("treecore[")]


def pins() -> dict[str, list[Requirement]]:
    """The lock: the version of each package, one for each kind of machine where they differ."""
    found: dict[str, list[Requirement]] = {}
    for line in LOCK.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            pin = Requirement(line)
            found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


@pytest.mark.parametrize("requirement", asked(), ids=lambda one: one.name)
def test_every_package_has_a_lower_and_an_upper_bound(requirement: Requirement) -> None:
    assert sorted(one.operator for one in requirement.specifier) == ["<", ">="]


@pytest.mark.parametrize("requirement", [one for one in asked() if one.name != "hatchling"], ids=lambda one: one.name)
def test_the_lock_is_within_the_bounds(requirement: Requirement) -> None:
    versions = [next(iter(pin.specifier)).version for pin in pins()[canonicalize_name(requirement.name)]]
    assert all(requirement.specifier.contains(version) for version in versions)
    if requirement.name in MINORS:
        (upper,) = (one.version for one in requirement.specifier if one.operator == "<")
        major, minor = map(int, versions[0].split(".")[:2])
        assert upper == f"{major}.{minor + 1}"


def test_the_lock_names_versions_and_no_place() -> None:
    assert all(next(iter(pin.specifier)).operator == "==" for found in pins().values() for pin in found)
    assert re.search(r"://|@ |^-", LOCK, re.MULTILINE) is None


def test_the_lock_is_made_as_the_documents_say() -> None:
    command = LOCK.partition("via the following command:\n#")[2].splitlines()[0].strip()
    assert command.startswith("uv pip compile ")
    assert command in (ROOT / "docs" / "install.md").read_text()


def test_the_oldest_python_is_named() -> None:
    names = [one for one in PROJECT["project"]["classifiers"] if "Python ::" in one]
    assert names == [f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13)]
    assert PROJECT["project"]["requires-python"] == ">=3.11"


def test_the_version_stands_in_one_place() -> None:
    assert "version" not in PROJECT["project"]
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "treecore/__init__.py"
    assert str(Version(treecore.__version__)) == treecore.__version__
    assert version("treecore") == treecore.__version__, "install again: pip install -e ."
    assert f"## {treecore.__version__} " in (ROOT / "CHANGELOG.md").read_text()
