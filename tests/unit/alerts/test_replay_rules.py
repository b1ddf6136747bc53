"""Proposed rules are read as those of the configuration are, and refused with the line and what would be right."""

import pytest

from orchestration.alerts.replay import ReplayError, read_rules


@pytest.fixture
def proposed(tmp_path):
    """A function from YAML text to the rules that it proposes."""

    def read(text):
        file = tmp_path / "rules.yml"
        file.write_text(text)
        return read_rules(file)

    return read


RULE = "{kind: outage, resolve_after_s: 60}"


@pytest.mark.parametrize("text", [f"rules: [{RULE}]", f"alerts: {{rules: [{RULE}], storm_limit: 3}}"])
def test_a_list_of_rules_or_a_copy_of_the_section_is_read_and_kinds_left_out_keep_their_defaults(proposed, text):
    rules = {rule.kind: rule for rule in proposed(text).effective_rules()}
    assert (rules["outage"].resolve_after_s, rules["outage"].severity) == (60, "critical")
    assert rules["request_error_rate"].threshold == 0.05


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "rules:\n  - {kind: outtage}\n",
            "rules.yml:2: rules[0].kind: 'outtage' is not known — did you mean 'outage'?",
        ),
        ("rules:\n  - {kind: outage, threshold: 0.1}\n", "a rule of kind outage has no threshold"),
        ("rules:\n  - {kind: request_error_rate, threshold: 5}\n", "threshold 5 is not a share"),
        ("rules:\n  - {kind: request_error_rate, windows: 900}\n", "did you mean 'window_s'?"),
        ("rules: []\n", "rules"),
        ("- {kind: outage}\n", "one YAML document with the key rules"),
        ("", "one YAML document with the key rules"),
        ("rules:\n  - {kind: outage}\n  - {kind: outage}\n", "two rules are called outage"),
        ("rules: [\n", "rules.yml:"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_what_would_be_right(proposed, text, said):
    with pytest.raises(ReplayError) as refused:
        proposed(text)
    assert said in str(refused.value)
