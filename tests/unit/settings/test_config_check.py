import pytest

from orchestration.settings import check_config
from orchestration.settings.check import read_config

ONE_VALUE = [
    ("currency: EUR", "currency: euro", "site.currency", "three capital letters"),
    ("timezone: Europe/Berlin", "timezone: Europe/Berln", "site.timezone", "not a time zone"),
    ("USD: 0.92", "USD: -1", "site.exchange_rates.USD", "greater than 0"),
    ("USD: 0.92", "EUR: 1", "site.exchange_rates.EUR", "leave it out"),
    ("system: orders", "system: oders", "sources[5].system", "did you mean 'orders'?"),
    ('errors*.ndjson*", timezone: UTC', 'errors*.ndjson*"', "sources[1].timezone", "is missing"),
    ("{date}/errors*", "errors*", "sources[1]", "lacks {date}"),
    ("{date}/errors*", "{day}/errors*", "sources[1].path", "the only one is {date}"),
    ("{date}/errors*", "../{date}/errors*", "sources[1].path", "climbs out of the landing folder"),
    ("{date}/errors*", "ftp://x/{date}/errors*", "sources[1].path", "'ftp://' cannot be read"),
    ("{date}/errors*.ndjson*", "{date}/beacons*.ndjson*", "sources[1].path", "this path is read already in line 17"),
    ("name: errors", "name: beacons", "sources[1].name", "this name is taken already in line 17"),
    ("timezone: UTC}", "timezone: UTC, delivery: snapshot}", "sources[0]", "a snapshot's path has no {date}"),
    ("pattern: ^/c/", "pattern: ^/(c/", "page_groups[1].pattern", "not a regular expression"),
    ("pattern: ^/c/", "pattern: ^/(?!c)", "page_groups[1].pattern", "do without lookaround"),
    ("pattern: ^/c/", "pattern: ^/$", "page_groups[1].pattern", "the first match wins"),
    ("name: help", "name: account", "page_groups[7].name", "this name is taken"),
    ("name: help", "name: all", "page_groups[7].name", "'all' is a reserved word"),
    ("name: help", "name: unknown", "page_groups[7].name", "it stands for what names none of them"),
    ("[frankfurt, virginia, singapore]", "[frankfurt, all]", "services[0].locations[1]", "a reserved word"),
    ("name: collect,", "name: all,", "journeys[0].steps[2].name", "a reserved word"),
    ("name: partner_contract", "name: all", "accounting.methods[0].name", "a reserved word"),
    ("probe_interval_s: 60", "probe_interval_s: 0", "services[0].probe_interval_s", "greater than 0"),
    ("[frankfurt, virginia, singapore]", "[frankfurt, frankfurt]", "services[0].locations[1]", "already in line"),
    ("page_group: cart", "page_group: crt", "journeys[0].steps[2].page_group", "did you mean 'cart'?"),
    ("service: checkout-api", "service: checkout", "journeys[0].steps[3].service", "did you mean 'checkout-api'?"),
    ("objective: search-availability", "objective: find", "journeys[1].steps[1].objective", "no objective 'find'"),
    ("objective: search-availability", "objective: checkout-availability", "journeys[1].steps[1].objective",
     "about the service 'checkout-api', the step is on 'search-api'"),
    ("objective: storefront-responsive", "objective: product-fast-lcp", "journeys[1].steps[0].objective",
     "about the page group 'product', the step is on 'category'"),
    ("name: collect,", "name: arrive,", "journeys[0].steps[2].name", "this name is taken"),
    ("default_days: 90", "default_days: 7", "retention.default_days", "greater than or equal to 31"),
    ("by_feed: {}", "by_feed: {beacon: 90}", "retention.by_feed.beacon", "did you mean 'beacons'?"),
    ("ux_score: 90", "ux_scor: 90", "targets.ux_scor", "did you mean 'ux_score'?"),
    ("availability: 0.999", "availability: 1", "targets.availability", "less than 1"),
    ("method: default", "method: gatos", "accounting.method", "did you mean 'gatus'?"),
    ("name: partner_contract", "name: gatus", "accounting.methods[0].name", "'gatus' is a preset"),
    ("maintenance_as: up", "maintenance_as: ignored", "accounting.methods[0].maintenance_as", "one of 'excluded'"),
    ("degraded_weight: 0.5", "degraded_weigth: 0.5", "accounting.methods[0].degraded_weigth", "did you mean"),
    ("degraded_weight: 0.5", "degraded_weight: 2", "accounting.methods[0].degraded_weight", "less than or equal to 1"),
    ("from: 2026-10-12T06:00:00", "from: 2026-10-12", "corrections[0].from", "names no time of day"),
    ("from: 2026-10-12T06:00:00", "from: yesterday", "corrections[0].from", "is wrong here"),
    ("[storefront-availability, ", "[storefront-availible, ", "error_budget_policies[0].objectives[0]",
     "did you mean 'storefront-availability'?"),
    ("[storefront-availability, ", "[checkout-availability, ", "error_budget_policies[0].objectives[1]", "already in"),
    ("consequence: freeze", "consequence: frieze", "error_budget_policies[0].thresholds[3].consequence", "'freeze'?"),
    ("remaining_share_below: 0.5", "remaining_share_below: 50", "error_budget_policies[0].thresholds[0].remaining_share"
     "_below", "less than or equal to 1"),
    ("kind: request_error_rate", "kind: error_rate", "alerts.rules[0].kind", "did you mean 'request_error_rate'?"),
    ("threshold: 0.05", "threshold: 5", "alerts.rules[0]", "between 0 and 1, such as 0.05"),
    ("window_s: 900", "window_s: 901", "alerts.rules[0].window_s", "multiple of 300"),
    ("targets: []", "targets: [{name: web, url_env: A_URL, services: [shop]}]", "alerts.targets[0].services[0]",
     "no service 'shop'"),
    ("targets: []", "targets: [{name: web, url_env: A_URL, severities: [page]}]", "alerts.targets[0].severities[0]",
     "one of 'critical' or 'warning'"),
    ("cascade_window_s: 900", "cascade_window_s: -1", "alerts.cascade_window_s", "greater than or equal to 0"),
    ("resolved_after_days: 14", "resolved_after_days: 0", "errors.resolved_after_days", "greater than or equal to 1"),
    ("merges: []", "merges: [{name: a, groups: [xyz]}]", "errors.merges[0].groups[0]", "is wrong here"),
    ("merges: []", "merges: [{name: a, groups: [0123456789abcdef]}, {name: b, groups: [0123456789abcdef]}]",
     "errors.merges[1].groups[0]", "this group is merged already"),
    ('message: "^ResizeObserver loop"', 'message: "(loop"', "errors.ignores[0].message", "not a regular expression"),
    ('message: "^ResizeObserver loop", ', "", "errors.ignores[0]", "neither or both of group and message"),
    ("mttr: {first_days: 45}", "mttr: {from: 2026-02-01, to: 2026-01-01}", "baselines.mttr", "before it starts"),
    ("mttr: {first_days: 45}", "mttr: {from: 2026-02-01}", "baselines.mttr", "no whole period"),
    ("mttr: {first_days: 45}", "mttr: {first_days: 45, to: 2026-01-01}", "baselines.mttr", "keep one or the other"),
    ("- [connection]", "- [conection]", "experience.roll_ups[2][0]", "did you mean 'connection'?"),
    ("- [browser, browser_version]", "- [browser, browser]", "experience.roll_ups[1]", "'browser' stands twice"),
    ("targets:", "target:", "target", "did you mean 'targets'?"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "where", "words"), ONE_VALUE, ids=[case[1] for case in ONE_VALUE])
def test_a_mistake_names_its_file_its_line_its_place_and_what_would_be_right(folder, old, new, where, words):
    line = folder.line(old)
    folder.replace(old, new)
    (mistake,) = check_config(folder.path)
    assert (mistake.file, mistake.where) == (folder.path / "beaconmart.yml", where)
    assert words in f"{mistake.message} — {mistake.expected}"
    assert mistake.expected
    # A mistake about a whole entry stands at its first line.
    assert mistake.line == line


TWO_LINES = [
    ("    service: search-api\n", "    service: search\n", "corrections[0].service", "did you mean 'search-api'?"),
    ("    service: search-api\n", "    objective: search\n", "corrections[0].objective", "no objective 'search'"),
    ("    service: search-api\n", "    owner: search-api\n", "corrections[0].owner", "one of name, service"),
    ("from: 2026-10-12T06:00:00", "from: 2026-10-13T06:00:00", "corrections[0]", "ends (2026-10-12 07:30:00) before"),
    ("from: 2026-10-12T06:00:00", "from: 2026-10-12T06:00:00Z", "corrections[0]", "an offset in one of its times"),
    ("consequence: freeze", "consequence: page", "error_budget_policies[0]", "has a consequence or a remaining_share"),
    ("    service: search-api\n", "", "corrections[0]", "one service or one objective"),
    ("    service: search-api\n", "    service: search-api\n    objective: search-availability\n", "corrections[0]",
     "one service or one objective"),
    ("- {kind: request_error_rate", "- {kind: outage, threshold: 0.5}\n    - {kind: request_error_rate",
     "alerts.rules[0]", "a rule of kind outage has no threshold"),
    ("- {kind: request_error_rate", "- {kind: outage}\n    - {name: outage, kind: request_error_rate",
     "alerts.rules[1].name", "this rule is named already"),
    ("corrections:", "corrections:\n  - &one {name: load-test-2026-10, service: search-api, from: 2026-10-01T00:00:00Z,"
     " to: 2026-10-02T00:00:00+02:00, reason: x}", "corrections[1].name", "this name is taken"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "where", "words"), TWO_LINES, ids=[case[1] for case in TWO_LINES])
def test_a_mistake_between_lines_says_where_it_stands(folder, old, new, where, words):
    folder.replace(old, new)
    mistake = check_config(folder.path)[0]
    assert (mistake.where, words in f"{mistake.message} — {mistake.expected}") == (where, True)


@pytest.mark.parametrize("secret", ["slack://token-A/token-B", "MAILTO_hunter2", "1ST", "Ä"])
def test_a_secret_in_the_place_of_its_variable_is_refused_and_not_repeated(folder, secret):
    folder.replace("targets: []", f"targets: [{{name: web, url_env: '{secret}'}}]")
    (mistake,) = check_config(folder.path)
    assert "environment variable" in mistake.message
    assert secret not in str(mistake)


def test_a_target_whose_variable_is_not_set_is_noted(folder, monkeypatch):
    folder.replace("targets: []", "targets: [{name: web, url_env: BEACONMART_TEST_URL}]")
    monkeypatch.delenv("BEACONMART_TEST_URL", raising=False)
    assert "BEACONMART_TEST_URL is not set here" in "".join(note.message for note in read_config(folder.path).notes)
    monkeypatch.setenv("BEACONMART_TEST_URL", "json://localhost")
    assert "BEACONMART_TEST_URL" not in "".join(note.message for note in read_config(folder.path).notes)


def test_a_kind_of_rule_that_is_not_named_has_its_default(folder):
    folder.replace(
        "    - {kind: request_error_rate", "    - {name: many-failures, severity: warning, kind: request_error_rate"
    )
    folder.replace("  targets: []", "    - {kind: missing_data, enabled: false}\n  targets: []")
    rules = {rule.name: rule for rule in read_config(folder.path).config.alerts.effective_rules()}
    assert (rules["many-failures"].severity, rules["many-failures"].resolve_after_s) == ("warning", 900)
    assert (rules["missing_data"].enabled, rules["outage"].enabled, rules["outage"].severity) == (
        False,
        True,
        "critical",
    )
    assert "request_error_rate" not in rules


def test_the_default_configuration_has_no_mistake(folder):
    assert check_config(folder.path) == []


def test_all_mistakes_of_all_files_are_listed_at_once_in_the_order_of_lines(folder):
    folder.replace("currency: EUR", "currency: euro")
    folder.replace("page_group: cart", "page_group: crt")
    folder.replace("ux_score: 90", "ux_score: 190")
    folder.replace("service: storefront", "service: shopfront", "slos/storefront-stable.yml")
    folder.replace("Occurrences", "Occurences", "slos/product-fast-lcp.yml")
    found = [(mistake.file.name, mistake.where) for mistake in check_config(folder.path)]
    assert found == [
        ("beaconmart.yml", "site.currency"),
        ("beaconmart.yml", "journeys[0].steps[2].page_group"),
        ("beaconmart.yml", "targets.ux_score"),
        ("product-fast-lcp.yml", "spec.budgetingMethod"),
        ("storefront-stable.yml", "spec.service"),
    ]


def test_a_missing_required_part_is_said_to_be_missing(folder):
    (folder.path / "beaconmart.yml").write_text("site: {name: Shop, currency: EUR}\n")
    found = {mistake.where: mistake.line for mistake in check_config(folder.path) if mistake.message == "is missing"}
    assert found == {"site.timezone": 1, "sources": 1}


def test_broken_yaml_names_the_line_and_the_other_files_are_still_checked(folder):
    line = folder.line("page_groups:")
    folder.replace("page_groups:", "page_groups: [")
    folder.replace("target: 0.75", "target: 75", "slos/storefront-stable.yml")
    broken, other = check_config(folder.path)
    assert (broken.file.name, other.file.name) == ("beaconmart.yml", "storefront-stable.yml")
    assert broken.line >= line


def test_a_key_given_twice_is_a_mistake_because_one_of_them_would_be_lost(folder):
    folder.replace("currency: EUR", "currency: EUR\n  currency: USD")
    mistakes = check_config(folder.path)
    assert ("site.currency", "this key is given twice") in [(m.where, m.message) for m in mistakes]


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"[]", b"text", b"42"])
def test_a_file_without_a_configuration_is_a_mistake_and_not_a_crash(folder, content):
    (folder.path / "beaconmart.yml").write_bytes(content)
    assert check_config(folder.path)[0].file.name == "beaconmart.yml"


def test_a_file_that_is_not_utf8_names_the_line(folder):
    (folder.path / "beaconmart.yml").write_bytes(b"site:\n  name: Gr\xfc\xdfe\n")
    (mistake, *_) = check_config(folder.path)
    assert (mistake.line, mistake.message) == (2, "a byte that is not UTF-8")


def test_a_missing_file_is_a_mistake(folder):
    (folder.path / "beaconmart.yml").unlink()
    assert "missing" in check_config(folder.path)[0].message


def test_an_alias_that_contains_itself_is_a_mistake_and_not_a_hang(folder):
    (folder.path / "beaconmart.yml").write_text("site: &a {name: *a}\n")
    assert any("alias" in mistake.message for mistake in check_config(folder.path))


def test_windows_line_ends_and_a_byte_order_mark_are_fine(folder):
    file = folder.path / "beaconmart.yml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert check_config(folder.path) == []


def test_the_country_code_of_norway_stays_text(folder):
    folder.replace("url_parameters_kept: []", "url_parameters_kept: [no, on, y]")
    assert check_config(folder.path) == []


def test_names_of_other_tools_may_have_capitals_and_spaces(folder):
    folder.replace("name: find", "name: Find things (web)")
    assert check_config(folder.path) == []


def test_an_absolute_path_and_object_storage_are_fine(folder):
    folder.replace("{date}/errors*", "/var/log/collector/{date}/errors*")
    folder.replace("{date}/probes*", "s3://bucket/{date}/probes*")
    assert check_config(folder.path) == []


def test_a_step_whose_objective_has_a_mistake_of_its_own_is_not_blamed(folder):
    folder.replace("target: 0.75", "target: 75", "slos/storefront-stable.yml")
    assert [mistake.file.name for mistake in check_config(folder.path)] == ["storefront-stable.yml"]
