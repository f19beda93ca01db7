"""Zip archives and zstd within limits: names, sizes and contents of members. Knows nothing about rollouts.

Python's `zipfile` reads no members that are compressed by zstd before Python 3.14; inspect_ai writes such ones.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from treecore.errors import FormatError
from treecore.formats.folder import MAX_FILES, Folder, natural
from treecore.formats.limits import MAX_BYTES, SMALL_FILE, SMALL_UNPACKED, limit

ZIP_MAGIC = b"PK\x03\x04"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZSTD_METHODS = (20, 93)
MAX_WINDOW = 1 << 27
FED = 1024
"""Bytes that are decompressed at once: each block of four may grow to 128 KiB."""
LOCAL_HEADER = struct.Struct("<4s5H3L2H")


def most_of(data: bytes) -> int:
    """Bytes that compressed content may grow to."""
    most = limit("TREECORE_MAX_BYTES", MAX_BYTES)
    return min(most, SMALL_UNPACKED) if len(data) < SMALL_FILE else most


def unzstd(data: bytes, name: str, most: int) -> bytes:
    """Decompressed zstd.

    Raises:
        FormatError: it is damaged, or grows to more than `most` bytes.
    """
    import zstandard

    pieces, size, start = list[bytes](), 0, 0
    try:
        while start < len(data):
            frame = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).decompressobj()
            while not frame.eof:
                if start >= len(data):
                    raise FormatError("the zstd data ends too early (truncated)", where=name, todo="copy it again")
                pieces.append(frame.decompress(data[start : start + FED]))
                start += FED
                if (size := size + len(pieces[-1])) > most:
                    todo = "unpack it first"
                    raise FormatError(f"{len(data):,} bytes of zstd grow to more than {most:,}", where=name, todo=todo)
            start = min(start, len(data)) - len(frame.unused_data)
    except zstandard.ZstdError as error:
        raise FormatError(f"the zstd data is damaged ({error})", where=name, todo="copy it again") from None
    return b"".join(pieces)


def archive(data: bytes, name: str) -> Folder:
    """The members of a zip archive, each unpacked when it is fetched, all of them within one limit.

    Raises:
        FormatError: it is damaged, is encrypted, has too many members, or would grow to more than it may.
    """
    try:
        opened = zipfile.ZipFile(io.BytesIO(data))
        entries = {entry.filename: entry for entry in opened.infolist() if entry.filename and not entry.is_dir()}
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, struct.error) as error:
        raise FormatError(f"the zip archive is damaged ({error})", where=name, todo="copy it again") from None
    if len(entries) > MAX_FILES:
        raise FormatError(f"more than {MAX_FILES:,} files in the archive", where=name, todo="unpack it first")
    left = [most_of(data)]

    def fetch(member: str) -> bytes:
        found = _content(data, opened, entries[member], f"{name}, {member}", left[0])
        left[0] -= len(found)
        return found

    return Folder(name, tuple(sorted((one for one in entries if _inside(one)), key=natural)), fetch)


def _inside(member: str) -> bool:
    """Whether a member's name is a path below the archive, and not one of those that systems add."""
    parts = member.split("/")
    return not (member.startswith(("/", "\\")) or ".." in parts or "__MACOSX" in parts or parts[-1].startswith("."))


def _content(data: bytes, opened: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str, most: int) -> bytes:
    if entry.flag_bits & 1:
        raise FormatError("a member of the archive is encrypted", where=where, todo="unpack it first")
    if entry.file_size > most:
        raise FormatError(f"it grows to more than {most:,} bytes", where=where, todo="unpack the archive first")
    try:
        if entry.compress_type in ZSTD_METHODS:
            return unzstd(_stored(data, entry), where, most)
        with opened.open(entry) as file:
            found = file.read(most + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error, NotImplementedError) as error:
        raise FormatError(f"a member of the archive is damaged ({error})", where=where, todo="copy it again") from None
    if len(found) > most:
        raise FormatError(f"it grows to more than {most:,} bytes", where=where, todo="unpack the archive first")
    return found


def _stored(data: bytes, entry: zipfile.ZipInfo) -> bytes:
    """The bytes of a member as they stand in the archive."""
    start = entry.header_offset
    header = LOCAL_HEADER.unpack(data[start : start + LOCAL_HEADER.size])
    if header[0] != ZIP_MAGIC:
        raise ValueError("no local header")
    begin = start + LOCAL_HEADER.size + header[-2] + header[-1]
    return data[begin : begin + entry.compress_size]
