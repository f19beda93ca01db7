"""Hostile files, folders and archives are read or refused in one sentence; nothing outside of them is opened."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from treecore.errors import TreecoreError
from treecore.formats import read

SECRET = '{"input": "outside", "output": "secret", "score": 1.0, "step": 1}\n'
GOOD = SECRET.replace("outside", "inside").replace("secret", "word")
ROW = '{"input": "a", "output": "b", "score": %s, "step": 1}\n'
DEPTHS = (1_000, 100_000)
NULLS = bytes(60_000_000)

HOSTILE: dict[str, bytes] = {
    **{f"lists {n:,} deep": (ROW % ("[" * n + "]" * n)).encode() for n in DEPTHS},
    **{f"objects {n:,} deep": ('{"nodes":' * n + "1" + "}" * n).encode() for n in DEPTHS},
    **{f"open lists {n:,} deep": b"[" * n for n in DEPTHS},
    **{f"XML {n:,} deep": (b"<graphml>" + b"<graph>" * n + b"</graph>" * n + b"</graphml>") for n in DEPTHS},
    "XML entities": b'<!DOCTYPE g [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><graphml><graph id="&b;"/></graphml>',
    "XML file": b'<!DOCTYPE g [<!ENTITY a SYSTEM "file:///etc/passwd">]><graphml><graph id="&a;"/></graphml>',
    "YAML aliases": b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\n",
    "a huge exponent": (ROW % "1e999").encode(),
    "a huge whole number": (ROW % ("9" * 10_000)).encode(),
    "a name twice": b'{"input": "a", "input": "b", "output": "c", "score": 1, "step": 1}\n',
    "no UTF-8": b'{"input": "\xff\xfe\x80", "output": "c", "score": 1, "step": 1}\n',
    "a gzip bomb": gzip.compress(NULLS),
    "a zstd bomb": zstandard.compress(NULLS),
}


def zipped(name: str, content: bytes) -> bytes:
    """An archive of one member."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def told(given: Path | bytes, name: str) -> list[str]:
    """Prompts, or the one sentence that refuses it."""
    try:
        return [forest.prompt for forest in read(given, name=name)]
    except TreecoreError as error:
        said = str(error)
        assert said.startswith(name)
        assert "\n" not in said
        assert 10 < len(said) < 1_000
        return []


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "1.jsonl").write_bytes(content)
    told(content, "given")
    told(tmp_path / "1.jsonl", "given")
    told(tmp_path, "given")
    told(zipped("1.jsonl", content), "given")


def test_a_zip_bomb_is_refused() -> None:
    with pytest.raises(TreecoreError, match="grows to more than"):
        read(zipped("1.jsonl", NULLS), name="given")


@pytest.mark.parametrize("name", ["../1.jsonl", "/1.jsonl", "a/../../1.jsonl", "\\1.jsonl"])
def test_members_outside_the_archive_are_no_members(name: str) -> None:
    assert told(zipped(name, SECRET.encode()), "given") == []


def link_to_file(folder: Path, outside: Path) -> None:
    (folder / "2.jsonl").symlink_to(outside / "1.jsonl")


def link_to_folder(folder: Path, outside: Path) -> None:
    (folder / "more").symlink_to(outside, target_is_directory=True)


def link_to_itself(folder: Path, outside: Path) -> None:
    (folder / "more").symlink_to(folder, target_is_directory=True)


def fifo(folder: Path, outside: Path) -> None:
    os.mkfifo(folder / "2.jsonl")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs and symbolic links")
@pytest.mark.parametrize("put", [link_to_file, link_to_folder, link_to_itself, fifo])
def test_only_what_is_inside_a_folder_is_read(put: Callable[[Path, Path], None], tmp_path: Path) -> None:
    folder, outside = tmp_path / "run", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "1.jsonl").write_text(GOOD)
    (outside / "1.jsonl").write_text(SECRET)
    put(folder, outside)
    assert told(folder, "given") == ["inside"]
