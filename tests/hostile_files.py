"""Bytes that nobody exports on purpose, of any size, to hold the readers of files to memory and time; see `KINDS`.

Each kind is what once took memory or time out of proportion, or could. What must become of it is for the tests to say.
"""

import json
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

from orchestration.settings.model import Source
from orchestration.sources import FEEDS

DAY = "2026-11-20"
NOON = 1795176000000
_LINE = 1 << 20
_PIECE = 1 << 16
_GOOD = {"name": "LCP", "id": "a", "value": 1, "url": "/p", "ts": NOON, "message": "m", "order_id": "o",
         "ordered_at": NOON, "revenue": 1}  # fmt: skip


def repeated(piece: bytes, start: bytes = b"", end: bytes = b"") -> Callable[[int], Iterator[bytes]]:
    """A file of one piece again and again between a start and an end."""
    block = piece * max(_PIECE // len(piece), 1)

    def parts(size: int) -> Iterator[bytes]:
        yield start
        for _ in range(size // len(block)):
            yield block
        yield block[: size % len(block) // len(piece) * len(piece)] + end

    return parts


def lines(piece: str, start: str, end: str, length: int = _LINE - 200) -> Callable[[int], Iterator[bytes]]:
    """Lines of a length, each of one piece again and again between a start and an end; `#` counts."""

    def parts(size: int) -> Iterator[bytes]:
        if "#" in piece:
            longest = len(piece) + 5
            body = "".join(piece.replace("#", str(at)) for at in range(length // longest))
        else:
            body = piece * (length // len(piece))
        line = f"{start}{body}{end}\n".encode()
        for _ in range(max(size // len(line), 1)):
            yield line

    return parts


def nested(
    opened: str, closed: str, inner: str = "", around: tuple[str, str] = ("", "")
) -> Callable[[int], Iterator[bytes]]:
    """Lines of a megabyte that are nested as deep as they can be."""

    def parts(size: int) -> Iterator[bytes]:
        depth = (_LINE - 300) // (len(opened) + len(closed))
        line = f"{around[0]}{opened * depth}{inner}{closed * depth}{around[1]}\n".encode()
        for _ in range(max(size // len(line), 1)):
            yield line

    return parts


def noise(size: int) -> Iterator[bytes]:
    """Random bytes, the same each time."""
    rng = random.Random(1)
    for _ in range(size // _PIECE):
        yield rng.randbytes(_PIECE)


def packed(kind: str, parts: Callable[[int], Iterator[bytes]]) -> Callable[[int], Iterator[bytes]]:
    """The same, compressed: what lands is small."""

    def compressed(size: int) -> Iterator[bytes]:
        packer = zlib.compressobj(9, wbits=31) if kind == "gz" else zstandard.ZstdCompressor().compressobj()
        for part in parts(size):
            yield packer.compress(part)
        yield packer.flush()

    return compressed


_HEAD = json.dumps(_GOOD)[:-1]
_GET = '1.2.3.4 - - [20/Nov/2026:10:00:00 +0000] "GET /b?name=LCP&id=a&'
_OK = ' HTTP/1.1" 200 1'
_EVENT = '{"event_name":"LCP","event_timestamp":"1795176000000000","event_params":['
KINDS: dict[str, Callable[[int], Iterator[bytes]]] = {
    "arrays": repeated(b"[],", b"["),
    "brace_spaces": repeated(b" ", b"{"),
    "newlines": repeated(b"\n"),
    "returns": repeated(b"\r"),
    "spaces": repeated(b" "),
    "blank_lines": repeated(b" \n"),
    "nul": repeated(b"\0"),
    "quotes": repeated(b'"'),
    "quote_lines": repeated(b'"\n'),
    "commas": repeated(b","),
    "comma_lines": lines(",", "", ""),
    "comma_quote_lines": lines(",", 'a,""', ""),
    "backslashes": repeated(b"\\"),
    "open_line": repeated(b"x"),
    "open_text": repeated(b"x", b'{"url":"'),
    "brackets": repeated(b"["),
    "braces": repeated(b'{"a":'),
    "nested_arrays": nested("[", "]"),
    "nested_objects": nested('{"a":', "}", "1"),
    "nested_value": nested("[", "]", "", (_HEAD + ',"attribution":', "}")),
    "nested_extra": nested("[", "]", "", (_HEAD + ',"x":', "}")),
    "comma_texts": lines(",", _HEAD + ',"stack":"', '"}'),
    "value_arrays": lines("[],", _HEAD + ',"attribution":[', "[]]}"),
    "extra_arrays": lines("[],", _HEAD + ',"x":[', "[]]}"),
    "extra_numbers": lines("1,", _HEAD + ',"x":[', "1]}"),
    "short_stacks": lines("a@b.example ", _HEAD + ',"stack":"', '"}', 4000),
    "short_values": lines("1,", _HEAD + ',"attribution":{"a":[', "1]}}", 4000),
    "long_text": lines("lorem ipsum ", _HEAD + ',"target":"', '"}'),
    "long_mails": lines("a@b.example ", _HEAD + ',"stack":"', '"}'),
    "long_words": lines("Xk9qLmZ7vQpRt2Wy8 ", _HEAD + ',"stack":"', '"}'),
    "long_cards": lines("4111 1111 1111 1111 ", _HEAD + ',"stack":"', '"}'),
    "many_keys": lines(',"k#":1', _HEAD, "}"),
    "same_keys": lines(',"k":1', _HEAD, "}"),
    "tiny_lines": repeated(b"x\n"),
    "empty_objects": repeated(b"{}\n"),
    "tiny_objects": repeated(b'{"a":1}\n'),
    "short_csv": repeated(b"1,2,3\n"),
    "document_empty": repeated(b"{},\n", b"[\n"),
    "document_numbers": repeated(b"1,\n", b"[\n"),
    "line_of_objects": lines("{},", "[", "{}]"),
    "line_of_numbers": lines("1,", "[", "1]"),
    "noise": noise,
    "utf16": repeated("x\n".encode("utf-16-le"), b"\xff\xfe"),
    "utf16_open": repeated("x".encode("utf-16-le"), b"\xff\xfe"),
    "bad_utf8": repeated(b"\xff"),
    "bad_utf8_lines": repeated(b"\xff\n"),
    "gz_newlines": packed("gz", repeated(b"\n")),
    "gz_zeros": packed("gz", repeated(b"\0")),
    "gz_line": packed("gz", repeated(b"x")),
    "gz_objects": packed("gz", repeated(b"{}\n")),
    "zst_newlines": packed("zst", repeated(b"\n")),
    "zst_zeros": packed("zst", repeated(b"\0")),
    "zst_line": packed("zst", repeated(b"x")),
}
# What only one tool's format can be made to swell by.
OF_TOOLS: dict[str, dict[str, Callable[[int], Iterator[bytes]]]] = {
    "faro": {
        "items": lines("{},", '{"meta":{"page":{"url":"' + "u" * 5000 + '"}},"exceptions":[', "{}]}"),
        "items_url": lines("{},", '{"meta":{"page":{"url":"' + "u" * 500_000 + '"}},"exceptions":[', "{}]}", 500_000),
        "frames": lines("{},", '{"exceptions":[{"stacktrace":{"frames":[', "{}]}}]}"),
        "values": lines(',"k#":1', '{"measurements":[{"timestamp":"2026-11-20T10:00:00Z","values":{"a":1', "}}]}"),
    },
    "opentelemetry": {
        "records": lines("{},", '{"resourceLogs":[{"scopeLogs":[{"logRecords":[', "{}]}]}]}"),
        "attributes": lines(
            '{"key":"k#","value":{"intValue":1}},',
            '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[',
            "{}]}]}]}]}",
        ),
        "records_attributes": lines(
            "{},",
            '{"resourceLogs":[{"resource":{"attributes":['
            + '{"key":"k","value":{"intValue":1}},' * 10_000
            + '{}]},"scopeLogs":[{"logRecords":[',
            "{}]}]}]}",
            100_000,
        ),
    },
    "sentry": {
        "frames": lines("{},", '{"exception":{"values":[{"stacktrace":{"frames":[', "{}]}}]}}"),
        "tags": lines('["k#",1],', '{"tags":[', "[]]}"),
    },
    "boomerang": {
        "wrapped": lines('\\"k#\\":1,', '{"beacon_data":"{', '\\"u\\":1}"}'),
    },
    "access_log": {
        "parameters": lines("k#=1&", _GET, _OK),
        "escapes": lines("%41", _GET + "x=", _OK),
        "short": lines("k#=1&", _GET, _OK, 60_000),
        "quotes": lines('\\"', '1.2.3.4 - - [20/Nov/2026:10:00:00 +0000] "GET ', '" 200 1'),
        "dashes": lines("- ", "1.2.3.4 - - ", ""),
        "open_brackets": lines("[", "1.2.3.4 - - ", ""),
    },
    "ga4": {
        "parameters": lines(
            '{"key":"k#","value":{"int_value":1}},',
            _EVENT,
            "{}]}",
        ),
    },
}


@dataclass(frozen=True)
class Form:
    """A format: the raw table that its files fill, their ending, and what a file begins with."""

    system: str
    raw_table: str
    ending: str = "ndjson"
    start: bytes = b""

    @property
    def source(self) -> Source:
        return Source(name="hostile", system=self.system, path="{date}/hostile*", timezone="UTC")

    @property
    def kinds(self) -> dict[str, Callable[[int], Iterator[bytes]]]:
        return KINDS | OF_TOOLS.get(self.system, {})


FORMS = {
    "beacons": Form("web_vitals", "raw_web_vitals.beacons"),
    "errors": Form("web_errors", "raw_web_errors.errors"),
    "orders_csv": Form("orders", "raw_orders.orders", "csv", b"order_id,ordered_at,revenue,note\n"),
    "orders_json": Form("orders", "raw_orders.orders", "ndjson", json.dumps(_GOOD).encode() + b"\n"),
    "probes_csv": Form("probes", "raw_probes.checks", "csv", b""),
    **{
        system: Form(system, next(table for table, feed in FEEDS.items() if feed.system == system))
        for system in ("boomerang", "faro", "ga4", "opentelemetry", "access_log")
    },
    "sentry": Form("sentry", "raw_web_errors.errors"),
}


def write(path: Path, form: Form, kind: str, size: int) -> None:
    """Writes a file of about so many bytes (before they are compressed)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        if not kind.startswith(("gz", "zst", "utf16")):
            stream.write(form.start)
        for part in form.kinds[kind](size):
            stream.write(part)
