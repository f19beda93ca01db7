"""Arrow IPC: streams, as data sets of Hugging Face lie in folders, and files (Feather). Read by pyarrow within limits.

Compressed batches and dictionaries are refused: their size is known only once they are unpacked.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from treecore.errors import FormatError
from treecore.formats.source import ARROW_FILE, ARROW_STREAM, Source

if TYPE_CHECKING:
    import pyarrow as pa

KIND = "Arrow"
HEADER, COMPRESSION = 2, 3
"""Numbers of fields of a message and of a batch in the flatbuffers that describe them."""
AS_PLAIN = "write it without compression and without dictionaries, or as Parquet"
BESIDE = ("dataset_info.json", "state.json", "../dataset_dict.json")
"""What `save_to_disk` of `datasets` writes beside the data."""


def is_arrow(data: bytes) -> bool:
    """Whether this is an Arrow stream or file."""
    return data.startswith((ARROW_STREAM, ARROW_FILE))


def arrow_schema(source: Source) -> pa.Schema:
    """Names and types of the columns.

    Raises:
        pyarrow.ArrowException, OSError, ValueError: it is damaged.
    """
    import pyarrow as pa

    return pa.ipc.read_schema(_stream(source))


def arrow_batches(source: Source, at_once: int, *, of_columns: bool = False) -> Iterator[pa.RecordBatch]:
    """All rows, at most so many at once, each checked: an offset that points out of its column ends the reading.

    Args:
        of_columns: as of `Account.afford_rows`.

    Raises:
        FormatError: it is compressed, or holds dictionaries.
        pyarrow.ArrowException, OSError, ValueError: it is damaged.
    """
    import pyarrow as pa

    for name in BESIDE:
        source.beside(name)
    schema, taken = arrow_schema(source), 0
    for message in pa.ipc.MessageReader.open_stream(_stream(source)):
        if message.type == "schema":
            continue
        if message.type != "record batch" or is_compressed(message.metadata.to_pybytes()):
            raise FormatError("it holds compressed batches or dictionaries", where=source.name, todo=AS_PLAIN)
        batch = pa.ipc.read_record_batch(message, schema)
        taken += batch.num_rows
        source.account.afford_rows(taken, source.name, of_columns=of_columns)
        batch.validate(full=True)
        for start in range(0, batch.num_rows, at_once):
            yield batch.slice(start, at_once)


def _stream(source: Source) -> pa.Buffer:
    """The stream: all of it, or what stands in a file before its index."""
    import pyarrow as pa

    whole = pa.py_buffer(source.data)
    return whole.slice(8) if source.data.startswith(ARROW_FILE) else whole


def is_compressed(metadata: bytes) -> bool:
    """Whether the message that describes a batch names a compression.

    Raises:
        ValueError: it is no such message.
    """
    try:
        batch = _field(metadata, struct.unpack_from("<I", metadata)[0], number=HEADER)
        batch += struct.unpack_from("<I", metadata, batch)[0]
        return bool(_field(metadata, batch, number=COMPRESSION))
    except struct.error:
        raise ValueError("a message ends too early") from None


def _field(metadata: bytes, table: int, *, number: int) -> int:
    """Where a field of a table of a flatbuffer stands; 0 where it is absent."""
    fields = table - struct.unpack_from("<i", metadata, table)[0]
    place = 4 + 2 * number
    if fields < 0 or place >= struct.unpack_from("<H", metadata, fields)[0]:
        return 0
    offset = struct.unpack_from("<H", metadata, fields + place)[0]
    return table + int(offset) if offset else 0
