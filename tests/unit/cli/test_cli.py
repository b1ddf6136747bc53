import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration import lake
from orchestration.cli import VERBS, beaconmart, main
from orchestration.settings import load_settings

ROOT = Path(__file__).parents[3]
WRONG = "site: {name: Shop, currency: euro, timezone: Mars/Olympus}\n"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACONMART_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BEACONMART_CONFIG", str(ROOT / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def call(monkeypatch, capsys):
    """The exit status, output and errors of a command line."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["beaconmart", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return call


def test_forget_takes_one_file_and_says_what_is_wrong_with_any_other_call(home, call):
    for arguments in ((), ("--list", "a.csv"), ("--undo",)):
        code, _, err = call("forget", *arguments)
        assert code == 2
        assert "Name one FILE" in err
    code, _, err = call("forget", "a.csv")
    assert (code, "a.csv was never ingested" in err) == (1, True)
    assert call("forget", "--list") == (0, "", "")


def test_forget_says_how_many_rows_left_which_table_and_what_comes_next(home, call):
    landed = home / "landing" / "2026-11-10" / "orders.csv"
    landed.parent.mkdir(parents=True)
    landed.write_text("order_id,ordered_at,revenue\na,2026-11-10T10:00:00Z,1\nb,2026-11-10T11:00:00Z,x\n")
    lake.ingest(load_settings(), "raw_orders.orders")
    code, out, _ = call("forget", "2026-11-10/orders.csv")
    assert code == 0
    assert "1 rows and 1 rejects of 2026-11-10/orders.csv left raw_orders.orders" in out
    assert "`beaconmart run` rebuilds their days" in out
    assert "2026-11-10/orders.csv" in call("forget", "--list")[1]
    assert "is forgotten already" in call("forget", str(landed))[1]
    assert "The next run reads" in call("forget", "--undo", "2026-11-10/orders.csv")[1]
    assert call("forget", "--list")[1] == ""


@pytest.fixture
def published(home):
    (home / "published").mkdir(parents=True)
    with duckdb.connect(str(home / "published" / "marts.duckdb")) as connection:
        connection.execute("create schema executive")
        connection.execute("create table executive.fct_kpi_daily as select 'ux_score' as kpi, 91.5 as value")


def test_the_help_has_every_verb_in_the_order_of_a_first_day(call):
    code, out, _ = call("--help")
    assert code == 0
    places = [out.index(f"\n  {verb} ") for verb in VERBS]
    assert places == sorted(places)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(call, verb):
    code, out, _ = call(verb, "--help")
    assert code == 0
    assert len(out.splitlines()) > 3


@pytest.mark.parametrize(
    "command",
    [
        ("run",), ("demo",), ("dev",), ("status",), ("query", "select 1"), ("export", "fct_kpi_daily"), ("expire",),
        ("compact",), ("simulate", "--out", "exports", "--end", "2026-11-01"),
    ],
)  # fmt: skip
def test_on_a_wrong_configuration_nothing_starts_and_every_mistake_is_listed(
    call, home, tmp_path, monkeypatch, command
):
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "beaconmart.yml").write_text(WRONG)
    monkeypatch.setenv("BEACONMART_CONFIG", str(tmp_path / "wrong"))
    code, _, err = call(*command)
    assert code == 2
    assert "beaconmart.yml:1" in err
    assert all(word in err for word in ("currency", "Mars/Olympus", "sources", "Nothing was started"))
    assert not home.exists()


def test_checking_a_wrong_configuration_lists_the_mistakes_and_fails(call, home, tmp_path, monkeypatch):
    (tmp_path / "beaconmart.yml").write_text(WRONG)
    monkeypatch.setenv("BEACONMART_CONFIG", str(tmp_path))
    code, _, err = call("config", "check")
    assert code == 1
    assert "Mars/Olympus" in err


def test_checking_the_default_configuration_says_what_is_in_it(call, home):
    code, out, _ = call("config", "check")
    assert code == 0
    assert "10 sources" in out


def test_a_simulation_writes_exports_and_what_was_planted(call, home, tmp_path):
    out = tmp_path / "exports"
    code, _, _ = call("simulate", "--out", str(out), "--days", "1", "--end", "2026-11-01", "--page-views-per-day", "20")
    assert code == 0
    assert (out / "truth.json").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--date", "2026-11-01", "--to", "2026-11-02"), "Give one or the other"),
        (("--date", "first of May"), "does not match the format"),
        (("--from", "2026-11-02", "--to", "2026-11-01"), "Nothing has landed"),
        ((), "Nothing has landed yet"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused_in_words(call, home, arguments, said):
    code, _, err = call("run", *arguments)
    assert code != 0
    assert said in err
    assert "Traceback" not in err


def test_the_demo_does_not_write_among_exports_that_are_the_users(call, home):
    (home / "landing" / "2026-11-01").mkdir(parents=True)
    code, _, err = call("demo")
    assert code == 1
    assert "exports of yours" in err
    assert "BEACONMART_HOME" in err
    assert list((home / "landing").iterdir()) == [home / "landing" / "2026-11-01"]


def test_a_query_prints_a_table_csv_or_json(call, published):
    assert "91.5" in call("query", "from executive.fct_kpi_daily")[1]
    assert call("query", "from executive.fct_kpi_daily", "--format", "csv")[1] == "kpi,value\nux_score,91.5\n"
    rows = json.loads(call("query", "from executive.fct_kpi_daily", "--format", "json")[1])
    assert rows == [{"kpi": "ux_score", "value": 91.5}]


def test_text_of_strangers_does_not_steer_the_terminal(call, published):
    code, out, _ = call("query", "select chr(27) || '[2J[bold]x[/bold]' as text")
    assert code == 0
    assert "\x1b[2J" not in out
    assert "[bold]x[/bold]" in out


def commands(group, path=()):
    """Every command below a group, as the words that call it."""
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        yield (*path, name)
        if hasattr(command, "list_commands"):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize("words", list(commands(beaconmart)), ids=" ".join)
def test_no_help_shows_marks_of_its_layout(call, words):
    code, out, _ = call(*words, "--help")
    assert code == 0
    assert "\\b" not in out
    assert "\b" not in out


def test_a_query_that_takes_too_long_is_stopped_with_a_sentence(call, published):
    endless = "select count(*) from range(100000000000) a, range(10000) b where a.range % 7 = b.range"
    code, _, err = call("query", "--timeout", "0.2", endless)
    assert code == 1
    assert "stopped after 0.2 s" in err and "--timeout" in err
    assert "Traceback" not in err


def test_the_listing_of_tables_has_names_rows_and_the_first_sentence_of_what_they_hold(call, published, home):
    with duckdb.connect(str(home / "published" / "marts.duckdb")) as connection:
        connection.execute("comment on table executive.fct_kpi_daily is 'One row per KPI and day. More words.'")
    expected = [{"table": "executive.fct_kpi_daily", "rows": 1, "holds": "One row per KPI and day."}]
    assert json.loads(call("query", "SHOW ALL TABLES;", "--format", "json")[1]) == expected


def test_a_row_too_wide_for_the_terminal_is_shown_column_by_column(call, published):
    columns = ", ".join(f"{number} as column_{number}" for number in range(30))
    _, out, _ = call("query", f"select {columns}")
    assert "column_29  29" in out


def test_a_wrong_query_is_a_sentence_and_a_failure(call, published):
    code, _, err = call("query", "selec 1")
    assert code == 1
    assert "syntax error" in err
    assert "Traceback" not in err


def test_an_export_names_its_file(call, published, tmp_path):
    code, _, err = call("export", "fct_kpi_daily", "--format", "json")
    assert code == 0
    assert "fct_kpi_daily.json" in err
    assert json.loads((tmp_path / "fct_kpi_daily.json").read_text()) == [{"kpi": "ux_score", "value": 91.5}]
    assert call("export", "fct_kpi_daily", "--out", "-")[1] == "kpi,value\nux_score,91.5\n"


def test_a_query_waits_for_no_heavy_library(published, home):
    script = (
        "import sys; sys.argv = ['beaconmart', 'query', 'select 1']\n"
        "from orchestration.cli import main\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    assert not ended.code, ended.code\n"
        "heavy = {'dagster', 'dbt', 'great_expectations', 'pandas', 'sklearn', 'plotly', 'jinja2'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


def test_status_refuses_what_is_no_instant_and_says_how_one_is_written(home, call):
    code, _, err = call("status", "--at", "yesterday noon")
    assert code == 2
    assert "'yesterday noon' is no instant" in err
    assert "in Europe/Berlin" in err


def test_status_of_an_instant_before_the_first_release_is_unknown(home, call):
    code, out, _ = call("status", "--at", "2026-11-05T13:20")
    assert code == 2
    assert "Nothing has been published yet" in out
    assert "2026-11-05 12:20 UTC" in out
