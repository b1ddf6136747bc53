"""One truth: no two pages show two figures of one KPI, and every headline counts the rows that stand under it."""

import re
from collections import defaultdict
from html.parser import HTMLParser

import duckdb
import jinja2
import pytest

from orchestration.reports.content import attention, executive, incidents, targets
from orchestration.reports.formats import Formats
from tests.unit.reports.synthetic import MACROS, build_reports, fill
from tests.unit.reports.test_pages import context, render

pytestmark = pytest.mark.slow


class Figures(HTMLParser):
    """The text of every element that says which KPI it shows."""

    def __init__(self, text):
        super().__init__()
        self.found, self._key = [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "data-kpi" in given:
            self._key = (given["data-kpi"], given["data-window"], given["data-of"])
            self.found.append((self._key, ""))

    def handle_data(self, data):
        if self._key:
            self.found[-1] = (self._key, self.found[-1][1] + data)

    def handle_endtag(self, tag):
        self._key = None if tag == "data" else self._key


def contradictions(texts):
    """The KPIs, with window and filter, of which pages show more than one figure."""
    shown = defaultdict(set)
    for text in texts.values():
        for key, figure in Figures(text).found:
            shown[key].add(figure)
    assert len(shown) > 20
    return {key: figures for key, figures in shown.items() if len(figures) > 1}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with duckdb.connect() as connection:
        fill(connection)
        for state, objective in (("warning", "web-availability"), ("breached", "checkout-availability")):
            connection.execute(
                f"update reliability.fct_slo_daily set state = '{state}' where objective = '{objective}'"
            )
        build_reports(connection)
        yield connection, render(connection, tmp_path_factory.mktemp("truth") / "site")


def test_no_two_pages_show_two_figures_of_one_kpi_window_and_filter(site):
    assert contradictions(site[1]) == {}


def test_two_figures_of_one_kpi_would_be_found(site):
    changed = dict(site[1])
    first = Figures(changed["index.html"]).found[0][1]
    changed["index.html"] = changed["index.html"].replace(f">{first}</data>", ">1,234</data>", 1)
    assert contradictions(changed)


def test_the_headline_counts_the_rows_that_stand_under_it(site):
    made = context(site[0])
    headline, rows = executive.headline(made), attention.statements(made)
    counts = {
        "breached": sum(row["kind"] == "objective" and row["state"] == "breached" for row in rows),
        "at risk": sum(row["kind"] == "objective" and row["state"] == "warning" for row in rows),
        "open": sum(row["kind"] == "incident" for row in rows),
        "missed": sum(row["kind"] == "target" for row in rows),
        "fail": sum(row["kind"] == "check" for row in rows),
        "running": sum(row["kind"] == "regression" for row in rows),
        "new or worse": sum(row["kind"] == "error" for row in rows),
    }
    for words, count in counts.items():
        said = re.search(rf"(\d+) [a-z ]+ (?:is |are |)(?:{words})", headline)
        assert (int(said[1]) if said else 0) == count, words
    assert sum(bool(count) for count in counts.values()) >= 4


def test_every_objective_in_warning_or_breach_and_every_open_incident_needs_attention(site):
    connection, _ = site
    listed = {(row["kind"], row["subject"]) for row in attention.statements(context(connection))}
    for kind, sql in (
        ("objective", "select objective from reports.rpt_objectives where state in ('warning', 'breached')"),
        ("incident", "select incident_id from reliability.fct_incidents where is_open and not is_excluded"),
        ("regression", "select degradation_id from reports.rpt_degradations where is_going_on"),
        ("exhaustion", "select objective from reports.rpt_budget_forecasts where is_likely"),
        ("error", "select error_group_id from reports.rpt_error_news where kind <> 'gone'"),
    ):
        wanted = {(kind, name) for (name,) in connection.execute(sql).fetchall()}
        assert wanted <= listed, kind
        assert wanted or kind in ("regression",), kind


def test_pages_and_the_first_page_count_alike(site):
    connection, texts = site
    made = context(connection)
    still_open = len(attention.statements(made, "incident"))
    assert f"{still_open or 'none'} open" in incidents.page(made).title
    judged = targets.counted(targets.target_rows(made))
    assert judged in texts["index.html"] and judged in texts["targets.html"]
    likely = sum(row["kind"] == "exhaustion" for row in attention.statements(made))
    assert f"{likely} error budget{'s' if likely > 1 else ''} will probably be spent" in texts["forecasts.html"]


def test_attention_is_worst_first(site):
    items = attention.attention(context(site[0]))
    order = [attention.SEVERITIES.index(item.severity) for item in items]
    assert order == sorted(order) and items[0].severity == "critical"


def test_a_site_that_is_well_says_so_and_nothing_else(marts_connection):
    for table in ("reliability.fct_incidents", "predictions.budget_exhaustion", "operations.fct_quality_results"):
        marts_connection.execute(f"delete from {table}")
    marts_connection.execute("delete from errors.fct_error_groups; delete from alerts.alerts")
    marts_connection.execute("delete from reliability.fct_error_budget_policies")
    marts_connection.execute("delete from predictions.degradation_episodes; delete from executive.fct_mission_targets")
    marts_connection.execute("update reliability.fct_slo_daily set state = 'ok'")
    marts_connection.execute("update reliability.fct_health_changes set health = 'healthy' where ended_at is null")
    marts_connection.execute("delete from predictions.kpi_forecasts where kpi like '%:28_days'")
    marts_connection.execute("update alerts.fct_alert_accuracy set verdict = 'met', late_lower = 0")
    build_reports(marts_connection)
    made = context(marts_connection)
    assert executive.headline(made) == "Lighthouse Goods is healthy."
    assert not attention.attention(made)


def test_a_target_that_open_incidents_would_decide_is_not_judgeable_yet(site):
    tile = {row["target"]: row for row in targets.target_rows(context(site[0]))}["mttr_reduction_share"]
    assert tile["reason"].replace("\u00a0", " ") == "Not judgeable yet: 24 min against 35 min, 1 open."
    assert "Not judgeable yet: 24\u00a0min against 35\u00a0min, 1 open." in site[1]["targets.html"]


def test_statements_write_values_as_pages_do(marts_connection):
    values = [0, 0.0, 0.00004, 0.0329, 0.049, 0.05, 0.23074, 0.5, 0.99, 0.9905, 0.99941, 0.999994, 0.9999951, 1, -0.5]
    formats = Formats("EUR", "UTC")
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    template = environment.from_string(MACROS + "select {{ share_text('x') }} from (select $1::double as x)")
    for value in values:
        (said,) = marts_connection.execute(template.render(), [float(value)]).fetchone()
        assert said == formats.value(float(value), "share"), value
    template = environment.from_string(MACROS + "select {{ duration_text('x') }} from (select $1::double as x)")
    for value in (30, 119, 120, 1146.1, 7000):
        (said,) = marts_connection.execute(template.render(), [float(value)]).fetchone()
        assert said == formats.value(float(value), "s"), value


def test_a_target_of_a_feed_that_is_not_delivered_is_no_target_of_the_site(marts_connection):
    before = {row["target"] for row in targets.target_rows(context(marts_connection))}
    marts_connection.execute("update dimensions.dim_feeds set is_delivered = false where feed = 'incidents'")
    after = {row["target"] for row in targets.target_rows(context(marts_connection))}
    assert before - after == {"mttr_reduction_share"} and after
