"""One landing through a real daemon: `beaconmart dev`, its sensor, and a webhook on loopback."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.conftest import LAST_DAY
from tests.integration import alert_lab as lab

pytestmark = pytest.mark.slow
PROMISED_S = 30


def test_a_file_that_lands_is_told_within_half_a_minute_while_the_daemon_runs(site, tmp_path):
    site = replace(site, config=lab.configured(tmp_path / "config"))
    webhook = lab.Webhook()
    hour = lab.midnight(LAST_DAY + timedelta(days=1))
    with lab.daemon(site, webhook):
        # The first file finds a process that has read nothing yet, and both cores at work on starting up.
        assert lab.outage(site, webhook, hour, "checkout-api") is not None
        assert lab.outage(site, webhook, hour + timedelta(hours=2), "storefront") < PROMISED_S
    titles = [title for _, title, _ in webhook.messages]
    assert sum("is down" in title and "resolved" not in title for title in titles) == 2
    listed = site.command("alerts", "list", "--all", "--format", "csv")
    assert "outage,checkout-api" in listed
