"""Percentiles of histograms, merged or not, against exact ones; and what browsers really say about parts of a value."""

from pathlib import Path

import duckdb
import jinja2
import numpy as np
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CAPTURED = ROOT.parent / "shared" / "data" / "captured_beacons" / "wv.jsonl"
SHARES = (0.01, 0.5, 0.75, 0.9, 0.95, 0.99, 1)


def sql(call):
    """The SQL that a macro call becomes."""
    files = ("vitals", "attribution", "wilson")
    macros = "".join((ROOT / f"dbt_project/macros/{name}.sql").read_text() for name in files)
    return jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(macros + "{{ " + call + " }}").render()


@pytest.fixture(scope="module")
def cells():
    """Random cells of random shapes, some of them weighted, with the histogram of each."""
    rng = np.random.default_rng(7)
    connection = duckdb.connect()
    connection.execute("create schema experience")
    connection.execute("create table measured (metric varchar, cell integer, value double, weight decimal(18, 6))")
    for cell in range(200):
        n = int(rng.integers(1, 300))
        metric = ("LCP", "INP", "CLS", "TTFB")[cell % 4]
        middle = {"LCP": 1800, "INP": 120, "CLS": 0.05, "TTFB": 3}[metric]  # TTFB: around the narrowest buckets
        value = middle * np.exp(rng.normal(rng.normal(0, 0.5), rng.uniform(0.1, 1.5), n)) * (rng.random(n) > 0.1)
        weight = rng.choice([1, 2, 3.333333, 10], n) if cell % 3 else np.ones(n)
        value = np.minimum(value, 100 if metric == "CLS" else 600_000)
        connection.execute(
            "insert into measured select $metric, $cell, unnest($value), unnest($weight)",
            {"metric": metric, "cell": cell, "value": value.tolist(), "weight": weight.tolist()},
        )
    connection.execute(
        f"""
        create table groups as select distinct metric, cell, cell // 40 as merged from measured;
        create table histograms as
        select metric, cell, list(struct_pack(bucket := bucket, weight := weight) order by bucket) as histogram
        from (
            select
                metric, cell, {sql("histogram_bucket('metric', 'value')")} as bucket,
                cast(sum(weight) as decimal(38, 6)) as weight
            from measured group by all
        )
        group by all
        """
    )
    return connection


def test_a_percentile_of_any_merge_is_within_a_per_cent_of_the_exact_one(cells):
    cells.execute((ROOT / "orchestration/warehouse/macros.sql").read_text().split("-- Web vitals of every cell")[0])
    estimate = sql("bucket_value('metric', 'bucket')")
    bucket = sql("bucket_at('histogram', 'list_sum(list_transform(histogram, lambda e: e.weight)) * share')")
    wrong = cells.execute(
        f"""
        with kept as (
            select metric, 'cell ' || cell as what, histogram, cell as first_cell, cell as last_cell from histograms
            union all
            select metric, 'merge ' || merged, list_sort(flatten(list(histogram))), merged * 40, merged * 40 + 39
            from histograms join groups using (metric, cell) group by metric, merged
        ),
        found as (
            select *, {bucket} as bucket
            from kept, (select unnest($shares) as share)
        ),
        exact as (
            select
                *, experience.vitals_percentile(histogram, metric, share) as published,
                (select min(value) from (
                    select value, sum(weight) over (order by value) as running, sum(weight) over () as total
                    from measured
                    where measured.metric = found.metric and measured.cell between first_cell and last_cell
                ) where running >= total * share * 0.999999999) as exact
            from found
        )
        select metric, what, share, exact, published, {estimate} as estimate from exact
        where abs({estimate} - exact)
                > case when metric = 'CLS' then 0.001000001 when exact <= 1 then 0.5 else 0.01 * exact end
            or published <> {estimate}
        """,
        {"shares": list(SHARES)},
    ).fetchall()
    assert wrong == []


@pytest.mark.skipif(not CAPTURED.exists(), reason=f"{CAPTURED} is not there")
def test_parts_that_real_browsers_report_add_up_to_the_value_and_elements_have_a_name():
    rows = duckdb.execute(
        f"""
        select name, value, {sql("attributed_target('name', 'attribution')")} as target,
            {sql("attributed_parts('name', 'attribution')")} as parts
        from read_json('{CAPTURED}', format = 'newline_delimited', columns = {{
            name: 'VARCHAR', value: 'DOUBLE', attribution: 'VARCHAR'
        }})
        """
    ).fetchall()
    told = [(name, value, parts) for name, value, _, parts in rows if name != "CLS"]
    assert {name for name, _, _ in told} == {"LCP", "INP", "FCP", "TTFB"}
    assert all(sum(parts) == pytest.approx(value, abs=8 if name == "INP" else 1) for name, value, parts in told)
    assert all(target for name, value, target, _ in rows if name in ("LCP", "INP") or (name == "CLS" and value))


def test_what_is_no_attribution_says_nothing():
    for text in ("{", "[]", '{"timeToFirstByte": "soon"}', "null"):
        parts, target = duckdb.execute(
            f"""
            select {sql("attributed_parts('name', 'said')")}, {sql("attributed_target('name', 'said')")}
            from (select 'LCP' as name, $said as said)
            """,
            {"said": text},
        ).fetchone()
        assert target is None and (parts is None or set(parts) == {None})
