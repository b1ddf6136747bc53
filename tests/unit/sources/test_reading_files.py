"""Files as strangers leave them, on the whole way into the lake: each line is a row or a reject with its number."""

import gzip
import json
import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
import zstandard

from orchestration import lake
from orchestration.settings import Settings, load_settings

DAY = date(2026, 11, 20)
NOON = 1795176000000  # 2026-11-20 12:00 UTC


@pytest.fixture(scope="module")
def default() -> Settings:
    return load_settings()


@pytest.fixture
def settings(default: Settings, tmp_path: Path) -> Settings:
    return replace(default, home=tmp_path / "it's a home")


def beacon(**fields: object) -> str:
    plain = {"name": "LCP", "value": 1.5, "id": "v5-1", "url": "https://shop.example/p", "ts": NOON}
    return json.dumps({key: value for key, value in (plain | fields).items() if value is not ...})


def land(settings: Settings, name: str, content: bytes | str) -> Path:
    path = settings.landing / DAY.isoformat() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(settings: Settings, raw_table: str = "raw_web_vitals.beacons", columns: str = "_source_line, value") -> list:
    files = [str(file) for file in lake.parquet_files(settings, raw_table)]
    if not files:
        return []
    order = f"_source_file, _source_line, {columns}"
    query = f"select {columns} from read_parquet($1, hive_partitioning = false) order by {order}"
    return duckdb.execute(query, [files]).fetchall()


def rejects(settings: Settings, schema: str = "raw_web_vitals", columns: str = "_source_line, reason, field") -> list:
    files = [str(file) for file in lake.reject_files(settings, schema)]
    if not files:
        return []
    return duckdb.execute(
        f"select {columns} from read_parquet($1) order by _source_file, _source_line", [files]
    ).fetchall()


def ingest(settings: Settings, raw_table: str = "raw_web_vitals.beacons") -> lake.IngestReport:
    report = lake.ingest(settings, raw_table)
    for file in report.files:
        assert file.rows_read == file.rows_kept + file.rows_rejected + file.rows_after_close
    return report


@pytest.mark.parametrize(
    ("line", "reason", "field"),
    [
        ('{"name":"LCP"', "unparseable", None),
        ("[1, 2]", "unparseable", None),
        ("null", "unparseable", None),
        ("\x00\x01 not json", "unparseable", None),
        (beacon(name="XYZ"), "unknown_value", "name"),
        (beacon(name=...), "missing_field", "name"),
        (beacon(value="fast"), "wrong_type", "value"),
        (beacon(value=None), "missing_field", "value"),
        (beacon(value=[1]), "wrong_type", "value"),
        (beacon(value=True), "wrong_type", "value"),
        (beacon(value=1e308), "out_of_range", "value"),
        (beacon(value=math.nan), "out_of_range", "value"),
        (beacon(value=-math.inf), "out_of_range", "value"),
        (beacon(id={"a": 1}), "wrong_type", "id"),
        (beacon(url=...), "missing_field", "url"),
        (beacon(url=["x"]), "wrong_type", "url"),
        (beacon(ts="yesterday"), "bad_time", "received_at"),
        (beacon(ts=0), "time_out_of_range", "received_at"),
        (beacon(ts=4102444800000), "time_out_of_range", "received_at"),
        (beacon(ts=1e300), "time_out_of_range", "received_at"),
        (beacon(ts="2026-11-22T00:00:00Z"), "time_out_of_range", "received_at"),
        (beacon()[:-1] + ',"id":"again"}', "duplicate_key", None),
        (beacon(ua="x" * 1_100_000), "too_long", None),
    ],
)
def test_a_bad_line_is_a_reject_and_its_neighbours_are_rows(
    settings: Settings, line: str, reason: str, field: str | None
) -> None:
    land(settings, "beacons.ndjson", "\n".join([beacon(value=1), line, beacon(value=3), ""]))
    ingest(settings)
    assert rows(settings) == [(1, 1.0), (3, 3.0)]
    assert rejects(settings) == [(2, reason, field)]


def test_broken_utf8_costs_its_own_line(settings: Settings) -> None:
    land(settings, "beacons.ndjson", beacon().encode() + b'\n{"name":"L\xff\xfe"}\n' + beacon(region="Île").encode())
    ingest(settings)
    assert rows(settings, columns="_source_line, region") == [(1, None), (3, "Île")]
    assert rejects(settings) == [(2, "not_utf8", None)]


@pytest.mark.parametrize(
    "text", [beacon() + "\r\n\r\n" + beacon(value=2) + "\r\n", "\ufeff" + beacon() + "\n\n" + beacon(value=2)]
)
def test_line_ends_marks_and_blank_lines_do_not_matter(settings: Settings, text: str) -> None:
    land(settings, "beacons.ndjson", text)
    assert ingest(settings).total("rows_read") == 2
    assert rows(settings) == [(1, 1.5), (3, 2.0)]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress, lambda data: data])
def test_compression_is_told_from_the_content(settings: Settings, pack) -> None:
    land(settings, "beacons.ndjson", pack((beacon() + "\n").encode()))
    ingest(settings)
    assert rows(settings) == [(1, 1.5)]


def test_several_gzip_members_are_one_file(settings: Settings) -> None:
    members = [gzip.compress((beacon(value=value) + "\n").encode()) for value in (1, 2)]
    land(settings, "beacons.ndjson.gz", b"".join(members))
    ingest(settings)
    assert rows(settings) == [(1, 1.0), (2, 2.0)]


@pytest.mark.parametrize("damage", ["cut", "broken"])
def test_a_damaged_gzip_keeps_what_came_before_and_counts_the_cut(settings: Settings, damage: str) -> None:
    lines = [beacon(value=value, id=f"v5-{value * 7919 % 10007}") for value in range(5000)]
    data = bytearray(gzip.compress("\n".join(lines).encode()))
    if damage == "cut":
        data = data[: len(data) // 2]
    else:
        data[len(data) // 2 : len(data) // 2 + 64] = b"\xff" * 64
    land(settings, "beacons.ndjson.gz", bytes(data))
    ingest(settings)
    kept = [value for _, value in rows(settings)]
    assert 1000 < len(kept) < 4999
    assert kept[:1000] == [float(value) for value in range(1000)]
    assert rejects(settings, columns="reason")[-1] == ("truncated",)


def test_a_last_line_that_is_cut_off_is_called_truncated(settings: Settings) -> None:
    land(settings, "beacons.ndjson", beacon() + "\n" + beacon()[:40])
    ingest(settings)
    assert rejects(settings) == [(2, "truncated", None)]


def test_binary_files_and_empty_files_do_not_stop_a_load(settings: Settings) -> None:
    land(settings, "beacons-1.ndjson", bytes(range(256)) * 2000)
    land(settings, "beacons-2.ndjson", b"")
    land(settings, "beacons-3.ndjson", beacon())
    report = ingest(settings)
    assert len(rows(settings)) == 1
    assert report.total("rows_rejected") == report.total("rows_read") - 1 > 0


def test_deeply_nested_json_is_a_row_or_a_reject(settings: Settings) -> None:
    deep = beacon()[:-1] + ',"attribution":{"a":' + "[" * 100_000 + "]" * 100_000 + "}}"
    land(settings, "beacons.ndjson", deep + "\n" + beacon(value=2))
    ingest(settings)
    assert (2, 2.0) in rows(settings)
    assert len(rows(settings)) + len(rejects(settings)) == 2


def test_unknown_fields_and_wrong_types_are_kept_as_they_came(settings: Settings) -> None:
    odd = {
        "is_new_user": "maybe",
        "browser": {"n": 1},
        "delta": "x",
        "x/y~z": [1, None],
        "user": "u-1",
        "ip": "1.2.3.4",
    }
    land(settings, "beacons.ndjson", beacon(**odd) + "\n" + beacon())
    report = ingest(settings)
    ((extra, browser, delta), (clean, _, _)) = rows(settings, columns="_extra, browser, delta")
    expected = odd | {"user": "[removed]", "ip": "[removed]"}
    assert json.loads(extra) == expected
    assert (browser, delta, clean) == (None, None, None)
    assert report.files[0].bad_fields == {"is_new_user": 1, "browser": 1, "delta": 1}


@pytest.mark.parametrize(
    "ts", [NOON, str(NOON), "2026-11-20T12:00:00Z", "2026-11-20 13:00:00+01:00", "2026-11-20T12:00:00"]
)
def test_times_are_read_in_every_form_and_stored_in_utc(settings: Settings, ts: object) -> None:
    land(settings, "beacons.ndjson", beacon(ts=ts))
    ingest(settings)
    assert rows(settings, columns="received_at::varchar, event_date::varchar") == [
        ("2026-11-20 12:00:00", "2026-11-20")
    ]


def test_naive_times_are_read_in_the_zone_of_their_source(settings: Settings) -> None:
    land(settings, "orders.csv", "order_id,ordered_at,revenue\na,2026-11-20 00:30:00,9.99\n")
    ingest(settings, "raw_orders.orders")
    found = rows(settings, "raw_orders.orders", "ordered_at::varchar, event_date::varchar, revenue::varchar")
    assert found == [("2026-11-19 23:30:00", "2026-11-19", "9.9900")]


def test_users_are_hashed_with_the_key_and_urls_lose_their_queries(settings: Settings) -> None:
    land(
        settings,
        "beacons.ndjson",
        beacon(user_id="u-1", url="https://shop.example/p?email=a@b.example", referrer="https://s.example/?q=me"),
    )
    ingest(settings)
    import hashlib

    hashed = hashlib.sha256((settings.user_key().key + "u-1").encode()).hexdigest()
    found = rows(settings, columns="user_id, key_id, url, referrer")
    assert found == [(hashed, settings.user_key().key_id, "https://shop.example/p", "https://s.example/")]


def test_only_the_parameters_that_the_configuration_names_are_kept(settings: Settings) -> None:
    site = settings.config.site.model_copy(update={"url_parameters_kept": ["page"]})
    settings = replace(settings, config=settings.config.model_copy(update={"site": site}))
    land(
        settings,
        "beacons.ndjson",
        "\n".join(beacon(url=f"https://s.example/p?{query}") for query in ("page=2&email=x", "a=1")),
    )
    ingest(settings)
    assert rows(settings, columns="url") == [("https://s.example/p?page=2",), ("https://s.example/p",)]


def test_a_csv_record_may_span_lines_and_a_stray_quote_costs_one_line(settings: Settings) -> None:
    text = (
        "incident_id,service,started_at,title\n"
        'i1,api,2026-11-20 01:00:00,"two\nlines, ""quoted"""\n'
        'i2,api,2026-11-20 02:00:00,a "stray\n'
        'i3,"[""a"",""b""]",2026-11-20 03:00:00,plain\n'
        "i4,a;b,2026-11-20 03:00:00\n"
    )
    land(settings, "incidents.csv", text)
    ingest(settings, "raw_incidents.incidents")
    found = rows(settings, "raw_incidents.incidents", "_source_line, incident_id, services, title")
    assert found == [
        (2, "i1", ["api"], 'two\nlines, "quoted"'),
        (4, "i2", ["api"], 'a "stray'),
        (5, "i3", ["a", "b"], "plain"),
    ]
    assert rejects(settings, "raw_incidents") == [(6, "wrong_column_count", None)]


def test_a_quoted_empty_field_is_an_empty_field_and_nothing_is_lost_beside_it(settings: Settings) -> None:
    text = (
        "incident_id,service,started_at,title,severity,url\n"
        'i1,api,2026-11-20 01:00:00,"","",\n'
        'i2,api,2026-11-20 01:00:00,,"",""\n'
        'i3,api,2026-11-20 01:00:00,"a,"",b","",\n'
        'i4,api,2026-11-20 01:00:00,"","major",""\n'
        '"",api,2026-11-20 01:00:00,"","",""\n'
    )
    land(settings, "incidents.csv", text)
    ingest(settings, "raw_incidents.incidents")
    found = rows(settings, "raw_incidents.incidents", "incident_id, title, severity")
    assert found == [("i1", None, None), ("i2", None, None), ("i3", 'a,",b', None), ("i4", None, "major")]
    assert rejects(settings, "raw_incidents") == [(6, "missing_field", "incident_id")]


def test_orders_keep_unknown_columns_and_reject_unknown_currencies_and_future_days(settings: Settings) -> None:
    text = (
        "order_id,ordered_at,revenue,currency,user_id,coupon,status\n"
        "a,2026-11-20 10:00:00,5,EUR,u-1,SUMMER,completed\n"
        "b,2026-11-20 10:00:00,5,XYZ,u-2,,completed\n"
        "c,2099-01-01 10:00:00,5,EUR,u-3,,completed\n"
        "d,2026-11-20 10:00:00,5,EUR,u-4,,lost\n"
        "e,1997-11-20 10:00:00,5,EUR,u-5,,completed\n"
        'f,2026-11-20 10:00:00,"7,5",EUR,u-6,,completed\n'
    )
    land(settings, "orders.csv", text)
    ingest(settings, "raw_orders.orders")
    found = rows(settings, "raw_orders.orders", "order_id, _extra")
    assert found == [("a", '{"coupon":"SUMMER"}')]
    assert rejects(settings, "raw_orders") == [
        (3, "unknown_currency", "currency"),
        (4, "time_out_of_range", "ordered_at"),
        (5, "unknown_value", "status"),
        (6, "time_out_of_range", "ordered_at"),
        (7, "wrong_type", "revenue"),
    ]
    assert rejects(settings, "raw_orders", "raw_text")[-1] == ('f,2026-11-20 10:00:00,"7,5",EUR,[removed],,completed',)
    assert not any("u-" in text for (text,) in rejects(settings, "raw_orders", "raw_text"))


def test_a_rejected_record_loses_what_its_header_calls_a_secret(settings: Settings) -> None:
    header = "order_id,Password,ordered_at,revenue,currency,user_id,e-mail,api_key,note,Password"
    lines = [
        "a,plain1,2026-11-20 10:00:00,5,XYZ,plain2,plain3,plain4,gift,plain5",
        'b,"plain,6",2026-11-20 10:00:00,5,XYZ,,,,"x, y",',
        "c,plain7,2026-11-20 10:00:00,5,EUR",
        "d,plain8,2026-11-20 10:00:00,5,EUR,,,,gift,plain9",
    ]
    land(settings, "orders.csv", "\n".join([header, *lines]))
    land(
        settings, "orders-2.csv", "client_secret;order_id;ordered_at;revenue;currency\nplain10;e;2026-11-20 10:00:00\n"
    )
    ingest(settings, "raw_orders.orders")
    assert set(rejects(settings, "raw_orders", "raw_text")) == {
        ("a,[removed],2026-11-20 10:00:00,5,XYZ,[removed],[removed],[removed],gift,[removed]",),
        ('b,[removed],2026-11-20 10:00:00,5,XYZ,[removed],[removed],[removed],"x, y",[removed]',),
        ("c,[removed]",),
        ("[removed]",),
    }
    ((extra,),) = rows(settings, "raw_orders.orders", "_extra")
    assert "plain" not in extra


def test_control_characters_of_strangers_are_no_marks_of_ours(settings: Settings) -> None:
    lines = [f"o{code},2026-11-20 10:00:00,5,a{chr(code)}b" for code in (1, 2, 3, 4, 26)]
    land(settings, "orders.csv", "\n".join(["order_id,ordered_at,revenue,note", *lines]))
    assert ingest(settings, "raw_orders.orders").total("rows_kept") == 5


def test_the_raw_text_of_a_reject_is_scrubbed_and_at_most_4_kb(settings: Settings) -> None:
    line = '{"user_id":"u-77","note":"a@b.example 203.0.113.7 https://x.example/?q=1",' + '"é' * 9000
    land(settings, "beacons.ndjson", line + "\n")
    ingest(settings)
    ((raw,),) = rejects(settings, columns="raw_text")
    assert len(raw.encode()) <= 4096
    assert not any(secret in raw for secret in ("u-77", "a@b", "203.0", "?q"))


@pytest.mark.parametrize(
    "name", ["beacons 'x\".ndjson", "beacons[1]*?.ndjson", "beacons\n;drop.ndjson", "beacons-é.ndjson"]
)
def test_any_file_name_is_only_a_name(settings: Settings, name: str) -> None:
    land(settings, name, beacon())
    assert ingest(settings).total("rows_kept") == 1
    assert rows(settings, columns="_source_file") == [(f"{DAY}/{name}",)]
    assert ingest(settings).total("rows_read") == 0


def test_an_export_without_a_known_column_is_all_rejects(settings: Settings) -> None:
    land(settings, "orders-1.csv", "foo,bar\n1,2\n")
    land(settings, "orders-2.csv", "foo,bar\n")
    land(settings, "orders-3.csv", "1,2\n3,4\n")
    report = ingest(settings, "raw_orders.orders")
    assert [file.rows_rejected for file in report.files] == [1, 1, 2], "only a header above rows is no row"
    assert {reason for _, reason, _ in rejects(settings, "raw_orders")} == {"bad_header"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_ends_as_any_system_ends_it(settings: Settings, end: str) -> None:
    lines = ["order_id,ordered_at,revenue", "a,2026-11-20 10:00:00,5", 'b,2026-11-20 10:00:00,"5"', "", "c,,1", ""]
    land(settings, "orders.csv", end.join(lines))
    assert ingest(settings, "raw_orders.orders").total("rows_read") == 3
    assert rows(settings, "raw_orders.orders", "_source_line, order_id") == [(2, "a"), (3, "b")]
    assert rejects(settings, "raw_orders") == [(5, "missing_field", "ordered_at")]
    land(settings, "beacons.ndjson", end.join([beacon(), "{", beacon(value=2)]))
    ingest(settings)
    assert (rows(settings), rejects(settings)) == ([(1, 1.5), (3, 2.0)], [(2, "unparseable", None)])


def test_a_quote_that_is_not_closed_reaches_into_no_other_file(settings: Settings) -> None:
    head = "order_id,ordered_at,revenue,note\n"
    for name in "abc":
        row = f"{name},2026-11-20 10:00:00,5,"
        land(settings, f"orders-{name}.csv", head + row + '"open\n' + row + "x\n" + row + "y\n")
        land(settings, f"orders-{name}-headless.csv", '1,"2\n3,4\n5,6\n')
    report = ingest(settings, "raw_orders.orders")
    assert {file.path[11:]: (file.rows_kept, file.rows_rejected) for file in report.files} == {
        **{f"orders-{name}.csv": (3, 0) for name in "abc"},
        **{f"orders-{name}-headless.csv": (0, 3) for name in "abc"},
    }


@pytest.mark.parametrize(
    ("header", "lines"),
    [
        ("ORDER_ID,Ordered_At,rEVENUE,Note", 1),
        ('"order_id" ; "ordered_at";revenue ; note', 1),
        ('\ufeff"order_id"\tordered_at\trevenue\t"note, ""free"""', 1),
        ('order_id,ordered_at,revenue,"a note,\nif any\n"', 3),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_header_is_known_in_any_case_quoted_and_over_several_lines(
    settings: Settings, header: str, lines: int, end: str
) -> None:
    delimiter = next(by for by in ";\t," if by in header)
    row = delimiter.join(["a", "2026-11-20 10:00:00", "5", "x"])
    land(settings, "orders.csv", f"\n{header}\n{row}\n".replace("\n", end))
    ingest(settings, "raw_orders.orders")
    assert rows(settings, "raw_orders.orders", "_source_line, order_id, revenue::int") == [(lines + 2, "a", 5)]


def test_utf_16_is_read_and_what_is_none_is_a_reject(settings: Settings) -> None:
    text = "order_id\tordered_at\trevenue\n\u00e4\t2026-11-20 10:00:00\t5\n"
    for name, data in (("le", "\ufeff" + text), ("be", "\ufeff" + text)):
        land(settings, f"orders-{name}.csv", data.encode(f"utf-16-{name}"))
    land(settings, "orders-torn.csv", ("\ufeff" + text).encode("utf-16-le") + b"\x00\xd8\x41\x00\n\x00")
    ingest(settings, "raw_orders.orders")
    assert rows(settings, "raw_orders.orders", "order_id") == [("ä",)] * 3
    assert rejects(settings, "raw_orders") == [(3, "not_utf8", None)]


@pytest.mark.parametrize("blanks", [("", ""), (" ", " ")])
def test_an_array_of_reports_on_a_line_is_as_many_rows(settings: Settings, blanks: tuple[str, str]) -> None:
    batch = f"[{blanks[0]}{beacon(value=2, url='/[,]')}, {beacon(value=3, attribution={'a': [1, 2]})},5{blanks[1]}]"
    land(settings, "beacons.ndjson", "\n".join([beacon(), batch, beacon()[:-1], "[1, 2]", batch, ""]))
    ingest(settings)
    assert rows(settings) == [(1, 1.5), (2, 2.0), (2, 3.0), (5, 2.0), (5, 3.0)]
    assert [line for line, *_ in rejects(settings)] == [2, 3, 4, 5]


@pytest.mark.parametrize("indent", [None, 2])
def test_one_array_over_the_whole_file_is_as_many_rows_with_the_lines_on_which_they_begin(
    settings: Settings, indent: int | None
) -> None:
    lines = [json.loads(beacon(value=value, attribution={"t": 'a "[{,'})) for value in range(3000)]
    land(settings, "beacons.ndjson", json.dumps([*lines[:1500], 7, *lines[1500:]], indent=indent))
    assert ingest(settings).total("rows_rejected") == 1
    found = rows(settings)
    assert [value for _, value in found] == [float(value) for value in range(3000)]
    assert [line for line, _ in found][:3] == ([1, 1, 1] if indent is None else [2, 12, 22])
    land(settings, "orders.csv", '[\n{"order_id": "a", "ordered_at": "2026-11-20T10:00:00Z", "revenue": 5}\n]\n')
    assert ingest(settings, "raw_orders.orders").total("rows_kept") == 1
