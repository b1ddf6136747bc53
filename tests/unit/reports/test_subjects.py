"""File names of services and journeys, whatever they are called."""

import re

import pytest

from orchestration.reports.content.subjects import LONGEST, slugs

NAMES = [
    "shop",
    "Shop",
    "SHOP",
    "shop api",
    "shop-api",
    "shop_api",
    "shop/api",
    "../etc/passwd",
    "Käse",
    "店",
    "a" * 100,
    "-",
    "CON",
]


def test_no_two_names_have_one_file_even_where_case_does_not_count():
    found = slugs(NAMES)
    assert len({slug.lower() for slug in found.values()}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_is_safe_on_every_disk_and_in_every_address(name):
    slug = slugs([name])[name]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) and len(slug) <= LONGEST + 12


def test_a_plain_name_stays_and_a_page_keeps_its_file_whatever_else_is_configured():
    assert slugs(["checkout-api"])["checkout-api"] == "checkout-api"
    assert slugs(["Shop"])["Shop"] == slugs(NAMES)["Shop"] == slugs(reversed(NAMES))["Shop"]


def test_a_name_that_looks_like_another_s_file_does_not_take_it():
    taken = slugs(["Shop"])["Shop"]
    found = slugs(["Shop", taken])
    assert found[taken] == taken and found["Shop"] != taken
