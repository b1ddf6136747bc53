"""Secrets of many shapes in texts, paths and names; what looks like one and is none stays."""

import json
import time
from pathlib import Path

import duckdb
import pytest

from orchestration.sources import privacy, secrets

KINDS = {
    "text": (privacy.scrubbed, privacy.is_private_text),
    "path": (privacy.masked_paths, privacy.is_private_path),
    "label": (privacy.scrubbed_labels, privacy.is_private_label),
}
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJlMTIz"


def scrub(kind: str, texts: list[str]) -> list[str]:
    """Scrubs texts in one statement; asserts that the cheap test finds all that changes, and that twice is once."""
    masked, tested = KINDS[kind]
    query = f"select t, {masked(['t'])}[1], {tested('t')} from (select unnest(?) as t)"
    first = duckdb.execute(query, [texts]).fetchall()
    assert [t for t, new, is_private in first if t != new and not is_private] == []
    found = [new for _, new, _ in first]
    assert [new for _, new, _ in duckdb.execute(query, [found]).fetchall()] == found
    return found


SECRET = "hunter2xyz"
NESTED = [
    ("password", [SECRET, "b"]),
    ("tokens", [SECRET]),
    ("pwd", ["]" + SECRET, "}" + SECRET]),
    ("secret", [{"a": SECRET}, {"b": [SECRET]}]),
    ("credentials", {"user": "jane", "x": {"y": {"z": SECRET}}}),
]
SECRETS_IN_TEXT = [
    f"Authorization: Token {SECRET} rejected",
    f"authorization : {SECRET}",
    f"proxy-authorization=Basic {SECRET}==",
    f'Authorization: Digest username="{SECRET}", realm="x", response="{SECRET}"',
    f'Authorization: Token token="{SECRET}"',
    f"X-Api-Key: {SECRET} end",
    f"x_api_key={SECRET}",
    f"apikey {SECRET}1",
    f"client_secret={SECRET}",
    f"clientSecret: '{SECRET} more'",
    f"refresh_token: {SECRET}",
    f"pwd:{SECRET}",
    f"DB_PASSWORD={SECRET}",
    f"AWS_SECRET_ACCESS_KEY={SECRET}",
    f"password=[{SECRET}]",
    f"password : `{SECRET} x`",
    f"password:\n  {SECRET}",
    f"password：{SECRET}",
    f"password is {SECRET}",
    f"--password {SECRET}",
    f"curl -u jane:{SECRET} https://x.example",
    f"<password>{SECRET}</password>",
    f'{{"password":"{SECRET}","n":1}}',
    f'{{"headers":{{"authorization":["Bearer {SECRET}"]}}}}',
    f'{{\\"password\\":\\"my {SECRET}\\"}}',
    f"{{'password': 'my {SECRET}'}}",
    f"&quot;password&quot;:&quot;my {SECRET}&quot;",
    f'headers["authorization"] = "Bearer {SECRET}"',
    f"Set-Cookie: PHPSESSID={SECRET}; Path=/",
    f"Cookie: theme=dark; sid={SECRET}; b={SECRET}",
    f"token%3D{SECRET} token%253D{SECRET} token%25253D{SECRET}",
    f"postgres://app:{SECRET}@db.internal/shop",
    f"https://jane:a@{SECRET}@host.example/",
    f"see https://x.example/a?b={SECRET} or https://x.example/#access_token={SECRET}",
    f"#access_token={SECRET}&x=1",
    f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\nab+/\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN PRIVATE KEY-----\\n{SECRET}",
    f"mail {SECRET}@mail.example, {SECRET}%40mail.example, {SECRET}%2540mail.example, {SECRET}%252540mail.example",
    f"mail {SECRET}&#64;mail.example {SECRET}&#x40;mail.example {SECRET}&commat;mail.example {SECRET}＠mail.example",
    f"Failed to load /reset/{SECRET}",
    f"Failed to load https://x.example/password/reset/{SECRET}/2",
    f"at f (https://x.example/invite/{SECRET}:1:2)",
    f"/unsubscribe%2F{SECRET}",
    *(f"{value}" for value in (f"password={first}{SECRET}" for first in ",:;}{&<(!#/'`")),
    *(json.dumps({"password": first + SECRET}) for first in ',:}]{["'),
    *(json.dumps({"body": json.dumps({name: value})}) for name, value in NESTED),
    *(json.dumps({name: value}) for name, value in NESTED),
    json.dumps({"a": json.dumps({"b": json.dumps({"secret": [SECRET]})})}),
    f"password: {{value: '{SECRET}'}}",
    f'{{"password": ["{SECRET}',
    json.dumps({"password": ['"]' + SECRET, "a"]}),
    f'[{{"name": "password", "value": "{SECRET}"}}]',
    f'[{{\\"key\\":\\"Authorization\\",\\"value\\":\\"Bearer {SECRET}\\"}}]',
    f'headers: [["cookie", "sid={SECRET}"], ["x", "y"]]',
    f'{{"key": "password", "value": {{"stringValue": "{SECRET}"}}}}',
    f'{{"key": "x.authorization", "value": {{"arrayValue": {{"values": [{{"stringValue": "Bearer {SECRET}',
    f'<input name="password" type="text" value="{SECRET}">',
    f'name="password"\r\n\r\n{SECRET}\r\n--',
    f'<wsse:Password Type="x">{SECRET}</wsse:Password>',
    f"password[]={SECRET}&user[password]={SECRET}&user%5Bpassword%5D={SECRET}",
    f"password%20%3D%20{SECRET} password+%3A+{SECRET} password\u00a0=\u00a0{SECRET} password\\x3d{SECRET}",
    f"sid={SECRET}; laravel_session={SECRET}; sig={SECRET}; SAMLResponse={SECRET}; nonce={SECRET}",
    f"PASSWORD {SECRET}, my access token {SECRET}9; curl -ujane:{SECRET} x",
    f"Kennwort: {SECRET} contraseña={SECRET} mot de passe : {SECRET}",
    f"пароль: {SECRET} 密码：{SECRET} パスワード: {SECRET}",
    f"{SECRET}[at]mail[dot]example {SECRET} (at) mail.example {SECRET}%u0040mail.example",
]
TOKENS = [
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "glpat-abcdefghij0123456789",
    "xoxb-123-456-abcdefabcdef",
    "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "sk_live_" + "abcdefghijklmnopqrstuvwx",
    "npm_abcdefghijklmnopqrstuvwxyz0123456789",
    "SG." + "a" * 22 + "." + "b" * 43,
    "AC" + "0" * 32,
    JWT,
]
CARDS = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111\u20111111\u20111111\u20111111",
    "378282246310005",
    "3782 822463 10005",
]
KEPT_IN_TEXT = [
    "max_tokens: 4096 exceeded, tokenizer: bpe",
    "password: required; token: null",
    "The password is incorrect",
    "SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
    "Unexpected token: punc (})",
    "Cannot read properties of undefined (reading 'token')",
    "at render (https://shop.example/assets/index-BxQqYrLp.js:12:34)",
    "at x (https://shop.example/assets/app.0d53c91b2ae34f5c.js:1:2)",
    "aha@https://shop.example/app.js:18:13",
    "node_modules/react@18.2.0/index.js",
    "Order 4111111111111112 not found, item 4006381333931, at 2026-11-27T08:00:00.123Z, epoch 1795770000000",
    "request 550e8400-e29b-41d4-a716-446655440000 in eu-west-1",
    "HowWeCutLcpBy40Percent componentDidMountAsync",
    "basic subscription plan, bearer of bad news, token economy",
    "at getToken (https://shop.example/assets/app1.js:12:34)",
    "password too short, minimum 8 characters; session timeout after 30s; Nonce mismatch",
    '{"target": "#main>div.hero>img", "tags": ["login", "checkout"]}',
]
MASKED_PATHS = {
    "/reset/Xk9qLmZ7vQpRt2Wy8": "/reset/[token]",
    "/reset/xk9qlmz7vqprt2wy8": "/reset/[token]",
    "/reset/abcdefgh": "/reset/[token]",
    "/reset/password/abcdefgh/x": "/reset/password/[token]",
    "/reset%2FXk9qLmZ7vQpRt2Wy8": "/reset/[token]",
    "/password-reset/MQ/5x2-abc": "/password-reset/[token]",
    "/verify-email/jane.q%2540mail.example": "/verify-email/[token]",
    "/u/jane.q%252540mail.example/x": "/u/[email]/x",
    "/login/callback/code-9a8b7c6d5e4f3a2b": "/login/callback/[token]",
    "/a/xk9qlmz7vqprt2wy8/b": "/a/[token]/b",
    "/a/kq8Zt55mmP2w": "/a/[token]",
    "/pay/4111111111111111": "/pay/[card]",
    "/orders/550e8400-e29b-41d4-a716-446655440000": "/orders/[token]",
    "/cb/access_token=abcdef/x": "/cb/access_token=[removed]/x",
    "/x;token=abc/y": "/x/y",
    f"/t/{JWT}": "/t/[token]",
}
KEPT_PATHS = [
    "/blog/how-we-cut-lcp-by-40-percent",
    "/blog/how-to-reset-your-router/part-2",
    "/reset/password",
    "/unsubscribe/success",
    "/p/iphone15promax256gb",
    "/p/WH-1000XM5-Black-V2",
    "/dp/B08N5WRWNW",
    "/p/4006381333931",
    "/orders/2026-11-27/1795770000000",
    "/assets/index-BxQqYrLp.js",
    "/assets/main.a8f3k2m9q1z7.chunk.js",
    "/react@18.2.0/umd/react.js",
    "/@anna/post-title-here",
    "/magic-the-gathering/black-lotus",
    "/wiki/HowWeCutLcpBy40Percent",
    "/Donaudampfschifffahrtsgesellschaft",
]
KEPT_LABELS = [
    "web@1.2.3",
    "frontend@2.1.0+build.5",
    "9fceb02d0ae598e95dc970b74767f19372d61af8",
    "v2026.11.27-rc.1",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    "v5-1795770000000-4123456789012",
    "550e8400-e29b-41d4-a716-446655440000",
    "EU-West/Frankfurt",
]


def test_no_secret_stays_in_a_text() -> None:
    assert [text for text in scrub("text", SECRETS_IN_TEXT) if SECRET in text] == []


def test_no_token_of_a_provider_and_no_card_stays_in_a_text_or_name() -> None:
    texts = [f"x {value} y" for value in TOKENS + CARDS]
    expected = ["x [token] y"] * len(TOKENS) + ["x [card] y"] * len(CARDS)
    assert scrub("text", texts) == expected
    assert scrub("label", texts) == expected


def test_what_only_looks_like_a_secret_stays_in_a_text() -> None:
    assert scrub("text", KEPT_IN_TEXT) == KEPT_IN_TEXT


def test_a_path_has_one_masked_segment_for_a_secret() -> None:
    origin = "https://shop.example"
    assert scrub("path", [origin + path for path in MASKED_PATHS]) == [origin + path for path in MASKED_PATHS.values()]


def test_slugs_numbers_and_build_files_stay_in_a_path() -> None:
    paths = ["https://shop.example" + path for path in KEPT_PATHS]
    assert scrub("path", paths) == paths


IDS = [
    "v5-1795770000000-4123456789012",
    "550e8400-e29b-41d4-a716-446655440000",
    "12345678-4111-4111-8111-111111111111",
    "acca41111111111111110b2cd5e6f708",
    "0123456789012345fedcba9876543210",
    "9fceb02d0ae598e95dc970b74767f19372d61af8",
]


def test_an_id_is_spared_the_rules_and_a_card_at_a_word_is_not() -> None:
    card = "4111111111111111"
    cards = [f"visa{card}", f"PAN_{card}_x", f"{card}eur", f"n{card}.", "no%204111%201111%201111%201111%20x"]
    query = f"select t, {privacy.is_private_label('t')} from (select unnest(?) as t)"
    assert dict(duckdb.execute(query, [IDS + cards]).fetchall()) == dict.fromkeys(IDS, False) | dict.fromkeys(
        cards, True
    )
    assert [text for text in scrub("label", cards) if "[card]" not in text] == []


def test_a_key_of_digits_alone_is_no_card_and_any_other_value_is_looked_at() -> None:
    card = "4111111111111111"
    rows = [("Chrome", card), (card, "s1"), ("Chrome", f"{card}-x"), ("Chrome", "jane@mail.example"), (card, card)]
    found = privacy.is_any_private_label(["browser"], ["session_id"])
    query = f"select {found} from (select unnest(?) as r), lateral (select r[1] as browser, r[2] as session_id)"
    assert [is_private for (is_private,) in duckdb.execute(query, [rows]).fetchall()] == [False, True, True, True, True]
    left = f"select {privacy.hidden_key(privacy.scrubbed_labels(['k']) + '[1]', 'k')} from (select unnest(?) as k)"
    keys = duckdb.execute("set variable user_key = 'k'").execute(left, [[card, f"{card}-x"]]).fetchall()
    assert keys[0] == (card,)
    assert keys[1][0].startswith("[hidden ")


def test_a_name_loses_an_address_and_keeps_a_commit() -> None:
    assert scrub("label", KEPT_LABELS) == KEPT_LABELS
    assert scrub("label", ["jane@mail.example", f"password={SECRET}"]) == ["[email]", "password=[removed]"]


def test_an_address_is_found_in_every_spelling() -> None:
    texts = ["203.0.113.7", "203%2E0%2E113%2E7", "203%252E0%252E113%252E7", "203[.]0[.]113[.]7", "2001%3Adb8%3A%3Aff77"]
    assert scrub("text", [f"from {text} x" for text in texts]) == ["from [ip] x"] * len(texts)
    assert scrub("path", ["https://shop.example/ip/203%2E0%2E113%2E7/x"]) == ["https://shop.example/ip/[ip]/x"]


def test_json_stays_json() -> None:
    document = {
        **dict(NESTED),
        "body": json.dumps(dict(NESTED)),
        "name": "password",
        "value": f",{SECRET}",
        "token": None,
        "pin": 1234,
        "cookies": {"sid": "a"},
        "password": True,
        "text": f"token={SECRET}",
        "n": 1,
    }
    (left,) = scrub("text", [json.dumps(document)])
    assert json.loads(left)["n"] == 1
    assert SECRET not in left


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["xk9q", "4111 1111 1111 1111 ", "jane@", "/reset/", "'password': '", "://x@", "\\"])
def test_a_text_of_a_megabyte_costs_four_times_one_of_a_quarter(unit: str) -> None:
    def seconds(size: int) -> float:
        began = time.process_time()
        scrub("text", [unit * (size // len(unit))])
        return time.process_time() - began

    scrub("text", ["warm"])
    # Quadratic work would take sixteen times as long.
    assert seconds(1_000_000) < 10 * seconds(250_000) + 1


def test_the_documentation_lists_what_the_rules_remove() -> None:
    text = Path("orchestration/sources/README.md").read_text(encoding="utf-8")
    listed = text.split("## What is removed from texts and paths")[1].split("\nWhat cannot be recognised")[0]
    assert [line[2:] for line in listed.splitlines() if line.startswith("- ")] == list(secrets.removed())
    anchor = "orchestration/sources/README.md#what-is-removed-from-texts-and-paths"
    assert anchor in Path("README.md").read_text(encoding="utf-8")
