from orchestration.settings import check_config
from orchestration.settings.roll_ups import ALWAYS, effective, named


def test_a_roll_up_is_called_by_its_dimensions_in_their_fixed_order():
    assert named(()) == "site"
    assert named(("country", "page_group")) == named(("page_group", "country")) == "page_group, country"


def test_what_pages_read_is_counted_whatever_is_configured_and_once():
    assert list(effective([])) == [named(dimensions) for dimensions in ALWAYS]
    assert list(effective([("device", "page_group"), ("release",)])) == [*effective([]), "release"]


def test_the_same_roll_up_in_another_order_is_a_mistake(folder):
    folder.replace("- [page_group, release]", "- [browser_version, browser]")
    (mistake,) = check_config(folder.path)
    assert mistake.where == "experience.roll_ups"
    assert "the roll-up [browser, browser_version] stands here twice" in mistake.message
