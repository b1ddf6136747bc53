"""What strangers send: strings meant to harm, personal data where none should be, and lines that nobody can read.

Strings here are data for other modules to plant; each malformed line carries the reason for which it must be rejected.
"""

import json

import numpy as np

from orchestration.simulate import site
from orchestration.simulate.truth import iso
from orchestration.simulate.writers import BadLine

PATHS = (
    "/product/<script>alert(1)</script>",
    "/product/%3Cimg%20src%3Dx%20onerror%3Dalert(2)%3E",
    "/c/lamps/../../etc/passwd",
    "/product/'; drop table beacons; --",
    '/product/"onmouseover="alert(3)',
    "/product/{{7*7}}${7*7}",
    "/product/\u202egnp.exe\u0000\u2028end",
    "/product/💡" + "%F0%9F%92%A1" * 3,
)
REFERRERS = (
    "javascript:alert(1)",
    "https://evil.example/?email=anna.k@example.org&token=eyJhbGciOiJIUzI1NiJ9.e30.abc123def456",
    "=cmd|' /C calc'!A0",
    "https://long.example/" + "x" * 20_000,
)
MESSAGES = (
    '=HYPERLINK("https://evil.example","click")',
    "<img src=x onerror=alert('message')>",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "</script><script>alert(document.cookie)</script>",
    "Failed for anna.k@example.org from 203.0.113.7 with token Bearer abcdef0123456789abcdef0123456789",
    "y" * 70_000,
)
PERSONAL_QUERIES = (
    "?email=anna.k%40example.org&utm_source=newsletter",
    "?q=lamp&token=9f8e7d6c5b4a39281706f5e4d3c2b1a0#reviews",
    "?utm_source=google&gclid=EAIaIQobChMI&phone=%2B491701234567",
)

_IMPOSSIBLE_TIMES = {"1970": 0, "2099": 4_070_908_800_000}


def beacon_lines(day_ms: int, rows: int, rng: np.random.Generator) -> list[BadLine]:
    """Returns malformed beacon lines for a day's file: about one in 5 000, at least one on every third day."""
    count = int(rng.poisson(rows / 5000)) + int(day_ms // 86_400_000 % 3 == 0)
    return _placed([_bad_beacon(day_ms, int(rng.integers(8)), rng) for _ in range(count)], rows, rng)


def error_lines(day_ms: int, rows: int, rng: np.random.Generator) -> list[BadLine]:
    """Returns malformed error lines for a day's file: on every fourth day two."""
    if day_ms // 86_400_000 % 4:
        return []
    good = {"ts": iso(day_ms + 43_200_000), "message": "planted"}
    lines = [
        (json.dumps(good)[:-9].encode(), "unparseable"),
        (json.dumps({"ts": good["ts"], "type": "Error"}).encode(), "missing_field"),
    ]
    return _placed(lines, rows, rng)


def csv_rows(day_ms: int, feed: str, rows: int, rng: np.random.Generator) -> list[BadLine]:
    """Returns malformed rows of a CSV feed: on some days one, of a kind that rotates."""
    offset = sum(feed.encode())
    day = day_ms // 86_400_000 + offset
    kinds = _CSV_KINDS.get(feed, ())
    if day % 5 or not kinds:
        return []
    line, reason = kinds[day // 5 % len(kinds)]
    return _placed([(line.format(date=iso(day_ms)[:10]).encode(), reason)], rows, rng)


_CSV_KINDS = {
    "probes": (
        ("{date}T12:00:00Z,storefront,sideways,frankfurt,200,110.0,,60", "unknown_value"),
        ("yesterday,storefront,up,frankfurt,200,110.0,,60", "bad_time"),
        ("{date}T12:00:00Z,,up,frankfurt,200,110.0,,60", "missing_field"),
    ),
    "orders": (
        ("BAD-1,{date} 12:00:00,12.3.4,EUR,,,completed,", "wrong_type"),
        ("BAD-2,{date} 12:00:00,4900,JPY,,,completed,", "unknown_currency"),
        (",{date} 12:00:00,19.90,EUR,,,completed,", "missing_field"),
        ("BAD-4,2099-01-01 12:00:00,19.90,EUR,,,completed,", "time_out_of_range"),
    ),
    "requests": (
        ("{date}T12:00:00Z,storefront,many,0,110.0,180.0,240.0", "wrong_type"),
        ("1970-01-01T00:00:00Z,storefront,10,0,110.0,180.0,240.0", "time_out_of_range"),
    ),
    "sessions": (("not-a-session-without-times,,,1,,organic,mobile,DE,true", "missing_field"),),
}


def _bad_beacon(day_ms: int, kind: int, rng: np.random.Generator) -> tuple[bytes, str]:
    ms = day_ms + int(rng.integers(86_400_000))
    good = {
        "name": "LCP",
        "value": 1234.5,
        "delta": 1234.5,
        "id": f"v5-{ms}-{int(rng.integers(10**12, 10**13))}",
        "ts": ms,
        "url": site.ORIGIN + "/",
        "page_view_id": f"bad-{ms}",
    }
    text = json.dumps(good)
    if kind == 0:
        return text[: int(rng.integers(20, 60))].encode(), "unparseable"
    if kind == 1:
        return b"GET /collect HTTP/1.1 - - =1+1 <script>alert('log')</script>", "unparseable"
    if kind == 2:
        return json.dumps(good | {"value": "fast"}).encode(), "wrong_type"
    if kind == 3:
        missing = ("name", "ts", "id")[int(rng.integers(3))]
        return json.dumps({key: value for key, value in good.items() if key != missing}).encode(), "missing_field"
    if kind == 4:
        return json.dumps(good | {"name": "FPS"}).encode(), "unknown_value"
    if kind == 5:
        return json.dumps(good | {"ts": _IMPOSSIBLE_TIMES["1970"]}).encode(), "time_out_of_range"
    if kind == 6:
        return json.dumps(good | {"ts": _IMPOSSIBLE_TIMES["2099"]}).encode(), "time_out_of_range"
    return json.dumps(good | {"ts": "half past nine"}).encode(), "bad_time"


def _placed(lines: list[tuple[bytes, str]], rows: int, rng: np.random.Generator) -> list[BadLine]:
    positions = np.sort(rng.integers(0, rows + 1, len(lines)))
    return [BadLine(int(at), line, reason) for at, (line, reason) in zip(positions, lines, strict=True)]
