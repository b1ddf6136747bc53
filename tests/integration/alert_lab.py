"""A daemon as people start it, probes that land while it runs, and a webhook that notes when it was told."""

import csv
import json
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

from tests.conftest import BEACONMART, ROOT

URL_ENV = "BEACONMART_ALERT_URL"
TARGET = "  targets: [{name: lab, url_env: " + URL_ENV + "}]"
SERVICES, LOCATIONS = ("storefront", "checkout-api"), ("frankfurt", "virginia", "singapore")
COLUMNS = ("checked_at", "service", "status", "location", "status_code", "response_ms", "message", "interval_s")
DOWN_FROM = 3  # minute of the hour in which an outage of the lab begins
READY_S, TOLD_S = 240, 60


class Webhook:
    """Keeps (instant, title, text) of each message, as it came."""

    def __init__(self):
        webhook, self.messages, self.came = self, [], threading.Condition()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                told_at = time.time()
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()
                with webhook.came:
                    webhook.messages.append((told_at, body["title"], body["message"]))
                    webhook.came.notify_all()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"json://127.0.0.1:{self.server.server_port}/alerts"

    def wait_for(self, title, text, timeout_s=TOLD_S, digested_from=float("inf")):
        """When a message with these words came, or from an instant on a digest with the title; None if not in time."""

        def told(at, head, body):
            in_digest = "notifications in one" in head and f"- [critical] {title}" in body and at >= digested_from
            return (title in head and text in body) or in_digest

        def found():
            return next((message[0] for message in self.messages if told(*message)), None)

        with self.came:
            self.came.wait_for(found, timeout_s)
            return found()


def configured(folder):
    """The default configuration with the webhook as its target."""
    text = (ROOT / "config" / "beaconmart.yml").read_text()
    lines = [TARGET if line.strip() == "targets: []" else line for line in text.splitlines()]
    assert TARGET in lines
    (folder / "slos").mkdir(parents=True)
    (folder / "beaconmart.yml").write_text("\n".join(lines) + "\n")
    for slo in (ROOT / "config" / "slos").iterdir():
        (folder / "slos" / slo.name).write_text(slo.read_text())
    return folder


@contextmanager
def daemon(site, webhook):
    """`beaconmart dev` on a free port, from when it watches landing until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.time()
    log = site.home / "dev.log"
    environment = site.environment() | {URL_ENV: webhook.url}
    with log.open("w") as out:
        process = subprocess.Popen(
            [*BEACONMART, "dev", "--port", str(port)], env=environment, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            watching = site.home / "alerts" / "watching"
            while not (watching.exists() and watching.stat().st_mtime > began):
                assert process.poll() is None, log.read_text()
                assert time.time() < began + READY_S, log.read_text()
                time.sleep(0.2)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def land(site, hour, service=None):
    """Move a file of an hour's first ten minutes into place, `service` being down from the third on; returns when.

    Without a service: the other fifty minutes, in which all is well.
    """
    minutes = range(10) if service else range(10, 60)
    rows = [
        (hour + timedelta(minutes=minute), name, "down" if name == service and minute >= DOWN_FROM else "up", location)
        for minute in minutes
        for name in SERVICES
        for location in LOCATIONS
    ]
    folder = site.landing / f"{hour:%Y-%m-%d}"
    folder.mkdir(exist_ok=True)
    part = folder / ".part"
    with part.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for moment, name, status, location in rows:
            code = 503 if status == "down" else 200
            writer.writerow((f"{moment:%Y-%m-%dT%H:%M:%SZ}", name, status, location, code, 90.0, "", 60))
    landed_at = time.time()
    part.replace(folder / f"probes-{hour:%H}-{'down' if service else 'up'}.csv")
    return landed_at


def told_as(hour, zone):
    """The words in which a message tells when the outage of an hour began."""
    return f"since {(hour + timedelta(minutes=DOWN_FROM)).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def outage(site, webhook, hour, service, zone="Europe/Berlin"):
    """Seconds from landing to the message of one outage, after which all is well; None if nobody was told in time."""
    landed_at = land(site, hour, service)
    told_at = webhook.wait_for(f"{service} is down", told_as(hour, zone), digested_from=landed_at)
    land(site, hour)
    return told_at - landed_at if told_at else None


def midnight(day):
    """The first instant of a UTC day."""
    return datetime.fromisoformat(f"{day}T00:00:00+00:00")
