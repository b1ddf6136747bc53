"""Macros of the dbt project that are pure text: rendered alone and run in DuckDB, against scipy and planted cases."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace

import duckdb
import jinja2
import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from scipy import stats

MACROS = Path(__file__).parents[2] / "dbt_project" / "macros"


def render(files, call):
    """The SQL that a call of a macro in these files becomes."""
    macros = "".join(file.read_text() for file in sorted(MACROS.glob(files)))
    return jinja2.Environment().from_string(macros + "{{ " + call + " }}").render()


def answer(files, call, **parameters):
    """The value of that SQL; `$name` in the call stands for a parameter."""
    ((value,),) = duckdb.execute(f"select {render(files, call)}", parameters).fetchall()
    return value


@pytest.mark.parametrize(
    ("hits", "trials"), [(0, 1), (0, 50), (1, 3), (9, 144), (999, 1000), (50, 50), (123456, 1234567)]
)
def test_the_interval_of_a_share_is_wilsons(hits, trials):
    expected = stats.binomtest(hits, trials).proportion_ci(0.95, "wilson")
    for bound, value in zip(("lower", "upper"), expected, strict=True):
        assert answer("wilson.sql", f"wilson('{bound}', '{hits}', '{trials}')") == pytest.approx(value, abs=1e-5)


def test_a_share_of_nothing_has_no_interval():
    assert answer("wilson.sql", "wilson('lower', '0', '0')") is None


def test_students_t_is_right_within_a_percent_from_two_degrees_of_freedom_on():
    for df in (2, 3, 4, 5, 7, 10, 30, 100, 1000):
        assert answer("student_t_975.sql", f"student_t_975('{df}')") == pytest.approx(stats.t.ppf(0.975, df), rel=0.01)


def test_the_interval_of_a_poisson_count_is_garwoods():
    for count in (0, 1, 2, 5, 8, 9, 20, 100, 1000):
        lower, upper = stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0, stats.chi2.ppf(0.975, 2 * count + 2) / 2
        assert answer("poisson_limit.sql", f"poisson_limit('lower', '{count}')") == pytest.approx(lower, rel=0.006)
        assert answer("poisson_limit.sql", f"poisson_limit('upper', '{count}')") == pytest.approx(upper, rel=0.006)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("User a.b+c@mail.example.org has no address 17", "User <email> has no address <number>"),
        ("GET https://x.example/y?z=1 answered 502", "GET <url> answered <number>"),
        (
            "Loading chunk 158 failed.\n(timeout: https://cdn.example/a.js)",
            "Loading chunk <number> failed. (timeout: <url>)",
        ),
        ("id 88ee7c66-29a9-4a4a-bc26-c72d76c5de14", "id <uuid>"),
        ("md5 d41d8cd98f00b204e9800998ecf8427e at 0xfeedbeef", "md<number> <hash> at <hex>"),
        ("from 127.0.0.1:80 via 2001:0db8:85a3:0000:0000:8a2e:0370:7334 via ::1", "from <ip> via <ip> via <ip>"),
        ("Wed Apr 17 22:31:45 2019: late", "<date>: late"),
        ("at 2019-04-17T20:29:05.123Z or 09:15", "at <date> or <date>"),
        ("took 12.5 ms, then 3 seconds", "took <duration>, then <duration>"),
        ("lookup of api.shop.example:8080 failed", "lookup of <host> failed"),
        ("key='abc 12' is bad", "key=<quoted> is bad"),
        (
            "Cannot read properties of undefined (reading 'price')",
            "Cannot read properties of undefined (reading 'price')",
        ),
        ("std::vector is not a function", "std::vector is not a function"),
        ('it\'s a "test"\t  of\nspace', 'it\'s a "test" of space'),
    ],
)
def test_the_variable_parts_of_a_message_are_masked(text, masked):
    assert answer("error*.sql", "numbered(inspected(dated(addressed('$text::varchar'))))", text=text) == masked


@pytest.mark.parametrize(
    ("stack", "frames"),
    [
        ("TypeError: x\n    at Object.pay (https://a.example/js/app.1a2b3c4d.js:1:9)", ["pay@app.js"]),
        ("    at async new Cart.load [as go] (https://a.example/cart.js?v=3:1:9)", ["load@cart.js"]),
        ("    at https://a.example/main.js:49:19", ["@main.js"]),
        ("pay@https://a.example/js/app-BxY3d_1a.js:1:9\n@https://a.example/main.js:2:1", ["pay@app.js", "@main.js"]),
        ("pay@https://a.example/main.js\nrun@app.js:18:13\ngo@app.js:7", ["pay@main.js", "run@app.js", "go@app.js"]),
        ("Foo.prototype.run/<@https://a.example/main.js:2:1", ["@main.js"]),
        ("map@[native code]\neval code@\neval@https://a.example/x.js line 3 > eval:1:1", []),
        ("    at Array.map (<anonymous>)\n    at eval (eval at f (https://a.example/x.js:1:1), <anonymous>:1:1)", []),
        ("    at inject (chrome-extension://abcdef/content.js:1:1)", []),
        ("    at f (https://a.example/node_modules/lib/x.js:1:1)", []),
        ("Error: mail a@b.example\nno frames here", []),
        ("\n".join(f"    at f{n} (https://a.example/x.js:1:{n})" for n in range(9)), [f"f{n}@x.js" for n in range(5)]),
    ],
)
def test_frames_are_what_all_browsers_agree_on(stack, frames):
    assert answer("error*.sql", "frame_names(app_frames('$stack::varchar'))", stack=stack) == frames


@pytest.mark.parametrize(
    ("type_", "message", "stack", "category"),
    [
        ("TypeError", "x is undefined", "", "script"),
        ("ChunkLoadError", "Loading chunk 7 failed. (timeout: /a.js)", "", "chunk_load"),
        ("TypeError", "Failed to fetch dynamically imported module: /a.js", "", "chunk_load"),
        ("TypeError", "Failed to fetch", "at f (/a.js:1:1)", "network"),
        ("TypeError", "NetworkError when attempting to fetch resource.", "", "network"),
        ("TypeError", "Load failed", "", "network"),
        ("Error", "Failed to load resource: the server responded", "", "resource"),
        ("UnhandledRejection", "no", "", "promise_rejection"),
        ("UnhandledRejection", "Request timed out", "", "timeout"),
        ("Error", "Refused: it violates the Content Security Policy", "", "csp"),
        ("Error", "Script error.", "", "third_party"),
        ("Error", "x", "at f (moz-extension://1/a.js:1:1)", "third_party"),
        ("unknown", "something", "", "other"),
    ],
)
def test_an_error_has_the_category_of_its_cause(type_, message, stack, category):
    call = "error_category('$type_::varchar', '$message::varchar', '$stack::varchar')"
    assert answer("error*.sql", call, type_=type_, message=message, stack=stack) == category


def robots(user_agents):
    """Those that call themselves robots."""
    is_robot = render("read_beacons.sql", "is_robot('ua')")
    told = {"told": list(user_agents)}
    found = duckdb.execute(f"select ua from (select unnest($told) as ua) where {is_robot}", told).fetchall()
    return {ua for (ua,) in found}


def test_most_robots_of_a_public_list_are_known():
    listed = {ua for robot in CRAWLER_USER_AGENTS_DATA for ua in robot["instances"]}
    assert len(listed) > 2000
    assert len(robots(listed)) / len(listed) > 0.83


@pytest.mark.parametrize(
    "rest",
    [
        "(Linux; Android 10; CUBOT J9) {webkit} Chrome/88.0.4324.152 Mobile Safari/537.36",
        "(Linux; Android 7.0; M bot 51) {webkit} Chrome/81.0.4044.138 Mobile Safari/537.36",
        "(Linux; U; Android 4.2.2; it-it; S308 Build/CUBOT) {webkit} Version/4.0 Mobile Safari/534.30",
        "(linux; android 6.0; cubot echo) {webkit} chrome/70.0.3538.80 mobile safari/537.36",
        "(Linux; Android 11; FP4) {webkit} Chrome/101.0.4951.41 Mobile Safari/537.36 (Ecosia android@101.0.4951.41)",
        "(iPhone; CPU iPhone OS 10_2_1 like Mac OS X) {webkit} Mobile/14D27 (Ecosia ios@3.0.1.533)",
        "(Linux; Android 9; AFTSO001) {webkit} Silk/100.2.23 like Chrome/100.0.4896.162 Safari/537.36",
        "(X11; Linux x86_64) {webkit} HeadlessChrome/142.0.0.0 Safari/537.36",
    ],
)
def test_the_browser_of_a_person_is_no_robot(rest):
    assert robots(["Mozilla/5.0 " + rest.format(webkit="AppleWebKit/537.36 (KHTML, like Gecko)")]) == set()


@pytest.mark.parametrize("name", ["Claude-User", "ChatGPT-User", "Perplexity-User", "MistralAI-User", "ClaudeBot"])
def test_what_fetches_for_an_assistant_is_a_robot(name):
    ua = f"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; {name}/1.0)"
    assert robots([ua]) == {ua}


@pytest.mark.parametrize(
    ("first", "last", "batch_days"), [(1, 100, 30), (1, 90, 30), (5, 5, 30), (9, 8, 30), (1, 100, None)]
)
def test_batches_part_all_days_however_early_or_late(first, last, batch_days):
    found = []
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    names = {
        "execute": True,
        "flags": SimpleNamespace(FULL_REFRESH=True),
        "model": {"config": {"meta": {"batch_days": batch_days}}},
        "run_facts": lambda: {"first": first, "as_of": last},
        "iso_day": lambda number: date.fromordinal(number).isoformat(),
        "return": found.extend,
    }
    text = (MACROS / "materializations.sql").read_text()
    macro = text[text.index("{% macro batches()") : text.index("{% macro created_anew(")]
    environment.from_string(macro + "{{ batches() }}", globals=names).render()
    assert len(found) == (1 if batch_days is None else max(1, -(-(last - first + 1) // batch_days)))
    counts = " + ".join(f"({condition})::int" for condition in found)
    days = "select date '0001-01-01' + n::int as event_date from range(-400, 400) as days (n)"
    assert duckdb.execute(f"select distinct {counts} from ({days})").fetchall() == [(1,)]
