"""Rows as lines of text and lines as export files; the same lines always make the same bytes.

Text is built column by column with Arrow's string kernels. What the columns hold belongs to the feeds' modules.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Level 1 packs repetitive JSON nearly as well as level 6 at about a third of its cost.
GZIP_LEVEL = 1


@dataclass(frozen=True)
class BadLine:
    """A line that no reader can accept: before which row it goes, its bytes without line end, and why it is bad."""

    position: int
    line: bytes
    reason: str


def strings(values: Any) -> pa.Array:
    """Returns values (numpy array, list or Arrow array) as an Arrow array of strings."""
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return array if array.type == pa.string() else array.cast(pa.string())


def hex_ids(rng: np.random.Generator, count: int, digits: int = 16) -> pa.Array:
    """Returns `count` random hexadecimal ids; 32 digits are given the dashes of a UUID."""
    text = np.frombuffer(rng.bytes(count * digits // 2).hex().encode(), "S1").reshape(count, digits)
    if digits == 32:
        dash = np.full((count, 1), b"-")
        parts = [text[:, :8], dash, text[:, 8:12], dash, text[:, 12:16], dash, text[:, 16:20], dash, text[:, 20:]]
        text = np.concatenate(parts, axis=1)
    width = text.shape[1]
    return pa.array(np.ascontiguousarray(text).view(f"S{width}").ravel()).cast(pa.string())


def joined(*parts: Any) -> pa.Array:
    """Joins columns and constant strings row by row; a null in any column makes the row null."""
    return pc.binary_join_element_wise(*[p if isinstance(p, pa.Array) else pa.scalar(p) for p in parts], "")


def optional(prefix: str, values: pa.Array, suffix: str = "") -> pa.Array:
    """Returns `prefix + value + suffix`, and nothing at all where the value is null."""
    return pc.fill_null(joined(prefix, values, suffix), "")


def csv_lines(columns: dict[str, Any], quoted: Sequence[str] = ()) -> tuple[bytes, pa.Array]:
    """Returns the header and the lines (with line ends) of a CSV; nulls are empty, `quoted` columns are in quotes."""
    parts: list[Any] = []
    for name, values in columns.items():
        text = strings(values)
        if name in quoted:
            text = joined('"', pc.replace_substring(text, '"', '""'), '"')
        parts += ["," if parts else "", pc.fill_null(text, "")]
    return (",".join(columns) + "\n").encode(), joined(*parts, "\n")


def iso_times(ms: np.ndarray, style: str = "iso") -> pa.Array:
    """Returns instants (epoch ms; NaT-free) as text in UTC: `iso` with Z, `naive` with a space, both to the second."""
    text = np.datetime_as_string(ms.astype("datetime64[ms]"), unit="s")
    array = pa.array(text, pa.string())
    return joined(array, "Z") if style == "iso" else pc.replace_substring(array, "T", " ")


def write_lines(
    file: Path, chunks: Iterable[pa.Array], header: bytes = b"", bad: Sequence[BadLine] = (), *, gzipped: bool = True
) -> dict[str, Any]:
    """Writes lines (each with its line end) with bad lines among them; returns what the truth says about the file.

    Lines are numbered from 1, and the header is line 1. `bad` is in the order of positions.
    """
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31) if gzipped else None
    waiting = list(bad)
    rows = 0
    numbers: dict[str, list[int]] = {}
    file.parent.mkdir(parents=True, exist_ok=True)
    growing = file.with_name(f".{file.name}")  # no source's pattern matches it
    with growing.open("wb") as stream:

        def put(data: Any) -> None:
            stream.write(packer.compress(data) if packer else data)

        put(header)
        for chunk in chunks:
            offsets, data = _buffers(chunk)
            done = 0
            while waiting and waiting[0].position <= rows + len(chunk):
                line = waiting.pop(0)
                upto = line.position - rows
                put(data[offsets[done] : offsets[upto]])
                put(line.line + b"\n")
                written = sum(map(len, numbers.values()))
                numbers.setdefault(line.reason, []).append(line.position + written + 1 + bool(header))
                done = upto
            put(data[offsets[done] : offsets[len(chunk)]])
            rows += len(chunk)
        if packer:
            stream.write(packer.flush())
    growing.replace(file)
    return {"rows": rows, "malformed": {reason: len(found) for reason, found in sorted(numbers.items())},
            "malformed_lines": sorted(line for found in numbers.values() for line in found)}  # fmt: skip


def _buffers(lines: pa.Array) -> tuple[np.ndarray, memoryview]:
    """Returns the offsets and the text of a string array without copying."""
    _, offsets, data = lines.buffers()
    first = lines.offset
    positions = np.frombuffer(offsets, np.int32)[first : first + len(lines) + 1]
    return positions, memoryview(data) if data is not None else memoryview(b"")
