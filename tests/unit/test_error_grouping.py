"""How errors are told apart: ten thousand messages of known templates, the same error in every browser, real events."""

import random
import re
import string
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import duckdb
import jinja2
import pytest

from orchestration.sources.sentry import FORMAT

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data" / "sentry_events"
MACROS = "".join(file.read_text() for file in sorted((ROOT / "dbt_project" / "macros").glob("error*.sql")))


def grouped(connection, errors):
    """The groups of the errors of a relation, as `kind`, what it is called and its ids."""
    call = f"{{% set errors = '{errors}' %}}{{{{ grouped_errors(errors) }}}}"
    return connection.sql(jinja2.Environment().from_string(MACROS + call).render())


def group_ids(messages=(), type_="Error", stacks=None):
    """The group of each message, or of each stack."""
    connection = duckdb.connect()
    connection.execute(
        "create table errors (kind bigint, message varchar, type varchar, stack varchar, fingerprint varchar)"
    )
    texts = stacks or messages
    messages, traces = ([None] * len(texts), texts) if stacks else (texts, [None] * len(texts))
    connection.execute(
        "insert into errors select unnest(range(len($1))), unnest($1::varchar[]), $3, unnest($2::varchar[]), null",
        [messages, traces, type_],
    )
    ids = dict(grouped(connection, "errors").project("kind, error_group_id").fetchall())
    return [ids[number] for number in range(len(texts))]


WORDS = ("cart", "price", "checkout", "user", "token", "session", "gallery", "filter", "banner", "stock", "offer")
ENDS = ("is missing", "was refused", "could not be read", "is not allowed here", "has expired", "cannot be parsed")


def word(rng):
    return "".join(rng.choices(string.ascii_lowercase, k=rng.randint(3, 9)))


def hexs(rng, n):
    return "".join(rng.choices("0123456789abcdef", k=n))


def date(rng):
    at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randint(0, 2 * 10**8))
    return at.strftime(
        rng.choice(("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.123+02:00", "%a %b %d %Y",
                    "%b %d, %Y", "%d.%m.%Y", "%m/%d/%Y", "%a, %d %b %Y %H:%M:%S GMT", "%Y/%m/%d %H:%M"))
    )  # fmt: skip


VARIABLE = {
    "email": lambda r: f"{word(r)}.{word(r)}{r.choice(('', '+x', '7'))}@{word(r)}.{r.choice(('com', 'co.uk', 'test'))}",
    "url": lambda r: f"{r.choice(('https', 'wss'))}://{word(r)}.example.com/{word(r)}/{r.choice(('7', '7?q=a', '#x'))}",
    "host": lambda r: f"api{r.randint(1, 9)}.{word(r)}.{r.choice(('com', 'net', 'internal'))}{r.choice(('', ':8080'))}",
    "ip": lambda r: r.choice(
        (
            ".".join(str(r.randint(1, 255)) for _ in range(4)),
            ":".join(hexs(r, 4) for _ in range(8)),
            f"2001:db8::{hexs(r, 3)}",
        )
    ),
    "uuid": lambda r: r.choice((str, lambda u: str(u).upper()))(UUID(int=r.getrandbits(128))),
    "hash": lambda r: hexs(r, r.choice((8, 12, 20, 32, 40, 64))),
    "file": lambda r: f"app{r.choice('.-')}{''.join(r.choices(string.ascii_letters, k=7))}{r.randint(0, 9)}.js",
    "date": date,
    "time": lambda r: f"{r.randint(0, 23):02}:{r.randint(0, 59):02}{r.choice(('', ':07', ':07.250'))}",
    "duration": lambda r: (
        f"{r.choice((r.randint(1, 99999), 1.25, -3))}{r.choice(('ms', ' ms', 's', ' minutes', ' h'))}"
    ),
    "hex": lambda r: f"0x{hexs(r, r.randint(2, 12))}",
    "number": lambda r: r.choice(
        (
            str(r.randint(0, 10 ** r.randint(1, 9))),
            str(-r.randint(1, 500)),
            f"{r.random() * 1000:.2f}",
            f"{r.randint(1, 999)},{r.randint(100, 999)}.50",
            f"+{r.randint(1, 99)}",
            f"-{r.random():.3f}",
            f"{r.random():.3e}",
        )
    ),
    "quoted": lambda r: "={0}{1}{0}".format(r.choice("'\""), " ".join(word(r) for _ in range(r.randint(1, 3)))),
}


def templates(rng, count=120):
    """Sentences with one to three variable parts; no two are alike when the parts are left out."""
    found = {}
    while len(found) < count:
        parts = [f"{rng.choice(('Failed to', 'Cannot', 'Unable to', 'Refused to'))} load {rng.choice(WORDS)}"]
        for _ in range(rng.randint(1, 3)):
            kind = rng.choice(list(VARIABLE))
            shape = rng.choice(("{%s}", "({%s})", "[{%s}]", '"{%s}"', "'{%s}'", "{%s},", "{%s}:"))
            about = f"{rng.choice(('for', 'of', 'at', 'with', 'after'))} {rng.choice(WORDS)}"
            parts.append(f"where {rng.choice(WORDS)}{{quoted}}" if kind == "quoted" else f"{about} {shape % kind}")
        text = " ".join([*parts, rng.choice(ENDS)])
        found.setdefault(re.sub(r"\W*\{\w+\}\W*", " ", text), text)
    return list(found.values())


@pytest.mark.parametrize("seed", range(4))
def test_ten_thousand_messages_are_grouped_as_their_templates(seed):
    rng = random.Random(seed)
    known = templates(rng)
    drawn = [rng.randrange(len(known)) for _ in range(10_000)]
    messages = [re.sub(r"\{(\w+)\}", lambda part: VARIABLE[part[1]](rng), known[index]) for index in drawn]
    found = group_ids(messages)

    def pairs(keys):
        return sum(n * (n - 1) // 2 for n in Counter(keys).values())

    both = pairs(zip(drawn, found, strict=True))
    assert 2 * both / (pairs(drawn) + pairs(found)) >= 0.98


BASE64URL, BASE32, BASE38 = (
    string.ascii_letters + string.digits + "-_",
    string.ascii_uppercase + "234567",
    (string.digits + string.ascii_lowercase + "-_"),
)


def drawn(alphabet, length):
    """Returns a function that draws a hash of an alphabet."""
    return lambda rng: "".join(rng.choices(alphabet, k=length))


hex8, hex16, hex20 = (drawn("0123456789abcdef", length) for length in (8, 16, 20))
base64url, base32, base38 = drawn(BASE64URL, 8), drawn(BASE32, 8), drawn(BASE38, 12)
BUNDLERS = {
    "Vite": (base64url, ["index-{}.js", "Cart-{}.js", "index-legacy-{}.js"]),
    "Rollup": (base64url, ["main-{}.js", "product-list-{}.mjs", "vendor.{}.js"]),
    "esbuild": (base32, ["chunk-{}.js", "main-{}.js", "app.{}.min.js"]),
    "webpack": (hex20, ["main.{}.js", "4231.{}.js", "vendors.{}.chunk.js"]),
    "webpack, short": (hex8, ["main.{}.js", "4231.{}.js", "{}.bundle.js"]),
    "Next": (hex16, ["4231-{}.js", "main-app-{}.js", "page-{}.js"]),
    "Parcel": (hex8, ["index.{}.js", "checkout.{}.js", "Cart.{}.css"]),
    "Turbopack": (lambda rng: rng.choice("01") + base38(rng), ["{}.js", "turbopack-{}.js", "{}.css"]),
    "Turbopack, hex": (hex16, ["{}.js", "turbopack-{}.js", "{}.js"]),
    "Turbopack, named": (hex8, ["src_app_page_tsx_{}._.js", "[root-of-the-server]__{}._.js", "node_modules_{}._.js"]),
}


@pytest.mark.parametrize("bundler", BUNDLERS)
def test_one_bug_is_one_group_through_a_thousand_builds(bundler):
    draw, (first, second, asset) = BUNDLERS[bundler]
    rng = random.Random(bundler)
    stacks = [
        f"TypeError: x\n    at pay (https://shop.example/assets/{first.format(draw(rng))}:1:{rng.randint(1, 9999)})"
        f"\n    at go (https://shop.example/assets/{second.format(draw(rng))}:1:{rng.randint(1, 9999)})"
        for _ in range(1000)
    ]
    messages = [f"Unable to preload /assets/{asset.format(draw(rng))} in time" for _ in range(1000)]
    for ids in (group_ids(stacks=stacks), group_ids(messages)):
        assert Counter(ids).most_common(1)[0][1] >= 990


def test_files_whose_names_only_look_like_a_build_stay_apart():
    names = ["checkout2", "checkout3", "products1", "4231", "877", "my-products", "shopping-cart-list", "art-list"]
    names += [
        "app-checkout",
        "app-products",
        "Checkout-Form",
        "page-404",
        "jquery-3.6.0",
        "chunk-vendors",
        "es2015-main",
    ]
    stacks = [f"TypeError: x\n    at t (https://shop.example/js/{name}.js:1:2)" for name in names]
    assert len(set(group_ids(stacks=stacks))) == len(names)


ALIKE = [
    ("Uncaught TypeError: cart is null", "TypeError: cart is null", "Uncaught (in promise) TypeError: cart is null"),
    ("Script error.", "Script error", "Uncaught Script error."),
    ("could not read http://[ip]/data/a.json: empty", "could not read http://shop.example/[token]/b: empty"),
    ("expired Fri, 27 Nov 2026 12:00:00 +0000", "expired Mon, 02 Jan 06 15:04 MST", "expired 20261127T120000Z"),
    ("expired Fri Nov 27 2026 12:00:00 GMT+0100 (Central European Standard Time)", "expired 2026-11-27 12:00:00.5"),
    ("no invoice k9Mtd2gDcgG", "no invoice 7Hq2kLmPz90Ab", "no invoice Zx81bQw93Lk"),
    ("no element .Cart_total__aB3dE", "no element .Cart_total__x9Yz_"),
    ("refused a=true", "refused a=False"),
    ("no route to fe80::1", "no route to 2001:db8::7", "no route to ::ffff:192.168.1.1"),
    ("wrote 0x9AF8C3BE", "wrote 0xdeadbeef"),
]
APART = [
    ("Fee::add() came too early", "Bad::add() came too early"),
    ("a.b.me is undefined", "a.b.it is undefined"),
    ("Uint8Array is full", "Float32Array is full", "BigInt64Array is full"),
    ("no element card__title", "no element card__image"),
]


@pytest.mark.parametrize("messages", ALIKE)
def test_messages_that_differ_in_a_variable_part_are_one_group(messages):
    assert len(set(group_ids(messages, type_="TypeError"))) == 1


@pytest.mark.parametrize("messages", APART)
def test_messages_that_differ_in_what_only_looks_variable_are_groups_of_their_own(messages):
    assert len(set(group_ids(messages))) == len(messages)


SEEN_BY = {
    "Chrome": "Error: bad\n    at Object.pay (https://a.example/js/app.1a2b3c4d.js:1:99)\n"
    "    at Array.map (<anonymous>)\n    at async Cart.go [as run] (https://a.example/js/cart.js?v=2:3:1)",
    "Edge": "Error: bad\r\n   at pay (https://a.example/js/app.99ff88ee.js:1:9)\r\n"
    "   at Array.prototype.map (native code)\r\n   at Cart.prototype.go (https://a.example/js/cart.js?v=3:3:1)\r\n"
    "   at eval code (eval code:1:1)",
    "Firefox": "pay@https://a.example/js/app.1a2b3c4d.js:1:99\nasync*go@https://a.example/js/cart.js:3:1\n"
    "eval@https://a.example/x.js line 3 > eval:1:1",
    "Safari": "pay@https://a.example/js/app.1a2b3c4d.js:1:99\nmap@[native code]\ngo@https://a.example/js/cart.js:3:1\n"
    "asyncFunctionResume@[native code]",
    "Internet Explorer": "Error: bad\n   at pay (https://a.example/js/app.js:1:99)\n   at go (https://a.example/js/cart.js:3:1)",
    "Opera 11": "<anonymous function: pay>([arguments not available])@https://a.example/js/app.js:1\n"
    "go(1, 2)@https://a.example/js/cart.js:3",
    "Opera 9": "  Line 1 of linked script https://a.example/js/app.js: In function pay\n    x.y();\n"
    "  Line 3 of linked script https://a.example/js/cart.js: In function go\n    pay();",
}  # fmt: skip


def test_one_error_is_one_group_in_every_browser():
    ids = group_ids(stacks=list(SEEN_BY.values()))
    assert dict(zip(SEEN_BY, ids, strict=True)) == dict.fromkeys(SEEN_BY, ids[0])


@pytest.mark.parametrize(
    ("stack", "frames"),
    [
        ("    at wasm-function[12] (wasm://wasm/0036bf2a:wasm-function[12]:0x1a2b)\n    at f (/a.js:1:1)", ["f@a.js"]),
        ("    at foo (https://a.example/b.wasm:wasm-function[12]:0x1a2b)", ["foo@b.wasm"]),
        ("foo@https://a.example/b.wasm:wasm-function[9]:0x99", ["foo@b.wasm"]),
        ("    at async Promise.all (index 0)\n    at node:internal/x:1:1\n    at f (a.js:1:1)", ["f@a.js"]),
        ("    at f (blob:https://a.example/8d7f4a4a-1111-4222-8333-444455556666:1:9)", ["f@blob"]),
        ("    at foo (address at index.android.bundle:1:2345)", ["foo@index.android.bundle"]),
        ("https://a.example/npm/vue@3.2.1/x.js:1:9\ngo@https://a.example/y.js:2:2", ["@x.js", "go@y.js"]),
        ("a@b@https://a.example/x.js:1:9\nc@d@y.js:2:2", ["a@b@x.js", "c@d@y.js"]),
        ("Line 44 of inline#1 script in https://a.example/p.html: In function go", ["go@p.html"]),
        ("f@https://a.example/x.js line 3 > Function:1:1\ng@https://a.example/x.js:2:2", ["g@x.js"]),
    ],
)
def test_frames_of_engines_are_left_out_and_those_of_old_browsers_found(stack, frames):
    sql = jinja2.Environment().from_string(MACROS + "{{ frame_names(app_frames('$stack::varchar')) }}").render()
    assert duckdb.execute(f"select {sql}", {"stack": stack}).fetchone()[0] == frames


def test_an_own_fingerprint_may_add_to_the_default_one():
    connection = duckdb.connect()
    connection.execute(
        """
        create table errors as
        select row_number() over () as kind, * from (values
            ('broken 1', 'Error', null, null), ('broken 2', 'Error', null, '{{ default }}'), ('broken 3', 'Error', null,
                '["{{default}}"]'),
            ('broken 4', 'Error', null, '{{ default }}|eu'), ('other 5', 'Error', null, '{{ default }}|eu'),
            ('broken 6', 'Error', null, 'mine'), ('other 7', 'TypeError', null, 'mine')
        ) as errors (message, type, stack, fingerprint)
        """
    )
    ids = [row[0] for row in grouped(connection, "errors").order("kind").project("error_group_id").fetchall()]
    assert ids[0] == ids[1] == ids[2]
    assert ids[5] == ids[6]
    assert len(set(ids)) == 4


@pytest.mark.skipif(not REAL.exists(), reason="needs the real events in ../shared/data/sentry_events")
@pytest.mark.parametrize("pattern", ["javascript-xbrowser-?*.json", "javascript-xbrowser-http-*.json"])
def test_a_real_error_of_four_browsers_is_one_group(pattern):
    files = [str(file) for file in REAL.glob(pattern)]
    connection = duckdb.connect()
    events = f"select row_number() over () as _number, content as _text from read_text({files})"
    columns = ", ".join(f"_text::json ->> '$.{key}' as {key}" for key in ("message", "type", "stack", "fingerprint"))
    connection.execute(f"create table errors as select _number as kind, {columns} from ({FORMAT.rows(events)})")
    assert len(files) >= 4
    assert len(set(grouped(connection, "errors").project("error_group_id").fetchall())) == 1
