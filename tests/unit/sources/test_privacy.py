"""What personal data looks like in URLs and free text, and what is left of it."""

import json

import duckdb
import pytest

from orchestration.sources import privacy


def scrub(text: str) -> str:
    ((found,),) = duckdb.execute(f"select {privacy.scrubbed(['$1'])}[1]", [text]).fetchall()
    ((suspicious,),) = duckdb.execute(f"select {privacy.is_private_text('$1')}", [text]).fetchall()
    assert suspicious or found == text, "the cheap test must find what the rules would change"
    return found


def path(url: str) -> str:
    bare = duckdb.execute(f"select {privacy.bare('$1')}", [url]).fetchall()[0][0]
    found = duckdb.execute(f"select {privacy.masked_paths(['$1'])}[1]", [bare]).fetchall()[0][0]
    suspicious = duckdb.execute(f"select {privacy.is_private_path('$1')}", [bare]).fetchall()[0][0]
    assert suspicious or found == bare, "the cheap test must find what the rules would change"
    return found


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("mail anna.k+x@example.org now", "mail [email] now"),
        ("anna%40example.org", "[email]"),
        ("from 203.0.113.7 failed", "from [ip] failed"),
        ("Chrome/120.0.0.0 Safari", "Chrome/120.0.0.0 Safari"),
        ("at 2001:db8:0:0:0:ff00:42:8329 and 2001:db8::ff00", "at [ip] and [ip]"),
        ("10:23:45 app.js:12:34", "10:23:45 app.js:12:34"),
        ("Authorization: Bearer abcdef1234567890", "Authorization: [removed]"),
        ("sent bearer abcdef1234567890", "sent bearer [token]"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def", "jwt [token]"),
        ("key sk_live_0123456789abcdef", "key [token]"),
        ("sum 0123456789abcdef0123456789abcdef end", "sum [token] end"),
        ("GET https://x.example/a?email=a&b=c failed", "GET https://x.example/a failed"),
        ("GET /a?b=c failed", "GET /a failed"),
        ("https://x.example/a#private", "https://x.example/a"),
        ("What? Nothing.", "What? Nothing."),
        ("password=hunter2, next", "password=[removed], next"),
        ("user_id: 77", "user_id: [removed]"),
        ('{"user_id":"u-1","n":1}', '{"user_id":"[removed]","n":1}'),
        ('{"uid":17,"n":1}', '{"uid":"[removed]","n":1}'),
        ('{"user_id":"u-1', '{"user_id":"[removed]"'),
        ("aha@http://localhost:4001/test.html:18:13", "aha@http://localhost:4001/test.html:18:13"),
    ],
)
def test_free_text_loses_what_is_personal_and_keeps_the_rest(text: str, left: str) -> None:
    assert scrub(text) == left


@pytest.mark.parametrize(
    "values",
    [
        {"note": "token=abc and password: x", "uid": 5, "ip": "1.2.3.4"},
        {"inner": json.dumps({"user_id": "u-1", "email": "a@b.example"}), "url": "https://x.example/?a=b"},
        {"text": 'quote " and \\ and token="s"', "cookie": "a=b; c=d"},
    ],
)
def test_json_text_stays_json_after_scrubbing(values: dict[str, object]) -> None:
    text = scrub(json.dumps(values))
    assert isinstance(json.loads(text), dict)
    assert "u-1" not in text
    assert "1.2.3.4" not in text


@pytest.mark.parametrize(
    ("url", "left"),
    [
        ("https://shop.example/p/1?email=a@b.example#x", "https://shop.example/p/1"),
        ("https://anna:secret@shop.example/p", "https://shop.example/p"),
        ("https://shop.example/u/anna@example.org/orders", "https://shop.example/u/[email]/orders"),
        ("https://shop.example/reset/0123456789abcdef0123456789abcdef", "https://shop.example/reset/[token]"),
        ("https://shop.example/from/203.0.113.7", "https://shop.example/from/[ip]"),
        ("http://127.0.0.1:8000/p1", "http://127.0.0.1:8000/p1"),
        ("https://shop.example/p;jsessionid=AB12?x=1", "https://shop.example/p"),
        ("/relative/path?q=1", "/relative/path"),
        ("https://shop.example/how-we-made-our-checkout-page-twice-as-fast", None),
    ],
)
def test_a_url_keeps_scheme_host_and_path(url: str, left: str | None) -> None:
    assert path(url) == (left or url)
