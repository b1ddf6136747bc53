"""YAML of any shape is read, or is a mistake with its line: never a traceback, never minutes."""

import time

import pytest

from orchestration.reports.custom.document import read
from orchestration.settings import check_config
from orchestration.settings.documents import documents_in

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MALFORMED = {
    "a template": ("spec:\n  service: {{ service }}\n", 2, "fill in templates"),
    "a list as key": ("a: 1\n? [1, 2]\n: x\n", 2, "a list where a name is due"),
    "nested braces": ("a: 1\nb:\n" + "  {a:\n" * 3000, 52, "nested more than 50 levels"),
    "nested brackets": ("a: " + "[" * 3000 + "]" * 3000, 1, "nested more than 50 levels"),
    "nested blocks": ("\n".join(" " * depth + "a:" for depth in range(900)), 51, "nested more than 50 levels"),
    "nested dashes": ("- " * 3000 + "x", 1, "nested more than 50 levels"),
    "nested question marks": ("? " * 3000, 1, "nested more than 50 levels"),
    "a billion laughs": (LAUGHS, None, "more than 100,000 values"),
    "an alias of itself": ("a: &a\n  b: *a\n", None, "an alias that contains itself"),
    "a month 13": ("a: 1\nb: 2026-13-45\n", 2, "'2026-13-45' cannot be read"),
    "an empty number": ('a:\n  !!int ""\n', 2, "cannot be read"),
    "a number of 6000 digits": ("a: 1\nb: " + "9" * 6000, 2, "cannot be read"),
    "a control character": ('a: 1\nb: "\x01"\n', 2, "a character that YAML does not allow"),
    "an object of Python": ("a: !!python/object:os.system x", 1, "could not determine a constructor"),
    "5 MB": ("a: " + "x" * 5_000_000, 1, "longer than 4,000,000 characters"),
}


@pytest.mark.parametrize("text, line, says", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_configuration_is_one_mistake_with_its_line(tmp_path, text, line, says):
    began = time.process_time()
    _, (mistake,) = documents_in(tmp_path / "x.yml", text)
    assert time.process_time() - began < 2
    assert says in str(mistake)
    assert mistake.line is not None
    assert line in (None, mistake.line)


def test_the_documents_before_a_malformed_one_are_read(tmp_path):
    documents, (mistake,) = documents_in(tmp_path / "x.yml", "a: 1\n---\nb: {{ b }}\n")
    assert ([document.values for document in documents], mistake.line) == ([{"a": 1}], 3)


def test_templates_and_brackets_are_mistakes_wherever_yaml_stands(tmp_path):
    (tmp_path / "slos").mkdir()
    (tmp_path / "beaconmart.yml").write_text("site:\n  name: {{ name }}\n")
    (tmp_path / "slos" / "deep.yml").write_text("spec:\n" + " [\n" * 3000)
    found = {f"{mistake.file.name}:{mistake.line}" for mistake in check_config(tmp_path)}
    assert {"beaconmart.yml:2", "deep.yml:51"} <= found
    report = tmp_path / "r.md"
    report.write_text("---\ntitle: {{ title }}\n---\ntext\n")
    assert 2 in [mistake.line for mistake in read(report).mistakes]
