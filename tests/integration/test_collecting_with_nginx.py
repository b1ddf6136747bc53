"""The nginx configuration of the collector's page, as it stands there, in a real nginx."""

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "orchestration" / "sources" / "collect" / "README.md"
NGINX, JQ = shutil.which("nginx", path="/usr/sbin:/usr/bin"), shutil.which("jq")
pytestmark = pytest.mark.skipif(not (NGINX and JQ), reason="`apt-get install nginx-light jq` to try the configuration")


def blocks(language):
    """The code blocks of the page in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture
def nginx(tmp_path):
    """The address of an nginx with the page's configuration; it logs into tmp_path."""
    outer, inner, _ = blocks("nginx")
    port, answering = free_ports(2)
    temporary = "".join(
        f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = (outer + f"server {{ listen 127.0.0.1:{port}; {inner} }}").replace("8098", str(answering))
    text = text.replace("/var/log/nginx", str(tmp_path))
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(f"pid {tmp_path}/pid; daemon off; events {{}} http {{ {temporary} {text} }}")
    process = subprocess.Popen([NGINX, "-c", str(configuration), "-e", str(tmp_path / "error.log")])
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


def post(address, body):
    request = urllib.request.Request(address, body, {"User-Agent": 'Lab "1.0"', "Content-Type": "text/plain"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def unpacked(tmp_path, feed):
    """The lines of a log as the page's filter gives them."""
    (tmp_path / "unpack.jq").write_text(*blocks("jq"))
    command = [JQ, "-rR", "-f", str(tmp_path / "unpack.jq"), str(tmp_path / f"{feed}.log")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_every_line_of_a_body_becomes_a_row_with_the_time_of_receipt(nginx, tmp_path):
    before = time.time() * 1000
    rows = [
        {"name": "LCP", "id": "a", "value": 1200.5, "url": 'https://x.example/é"q"'},
        {"name": "CLS", "id": "b", "value": 0},
    ]
    body = "".join(json.dumps(row) + "\n" for row in rows).encode()
    assert post(f"{nginx}/collect/beacons", body) == 204
    assert post(f"{nginx}/collect/errors", b'{"message": "gone"}\n') == 204
    time.sleep(0.2)
    kept = [json.loads(line) for line in unpacked(tmp_path, "beacons")]
    assert [{key: value for key, value in row.items() if key not in ("ts", "ua")} for row in kept] == rows
    assert all(before - 1000 <= row["ts"] <= time.time() * 1000 + 1000 for row in kept)
    assert {row["ua"] for row in kept} == {'Lab "1.0"'}
    assert json.loads(unpacked(tmp_path, "errors")[0])["message"] == "gone"


def test_what_is_no_json_object_is_passed_on_and_not_lost(nginx, tmp_path):
    post(f"{nginx}/collect/beacons", b'{"name": "LCP", \n5\n<script>\n')
    time.sleep(0.2)
    assert unpacked(tmp_path, "beacons") == ['{"name": "LCP", ', "5", "<script>"]


def test_a_damaged_line_of_the_log_is_passed_on_as_it_is_and_not_lost(tmp_path):
    good = json.dumps({"ts": 1.5, "ua": "x", "body": '{"name": "LCP"}\n'})
    damaged = [good[:30], "null", '{"ts":1,"body":5}', '{"body":"{}"}', "\\x00\\x00", "[" * 20_000]
    (tmp_path / "beacons.log").write_text("\n".join([good, *damaged, good, ""]))
    kept = unpacked(tmp_path, "beacons")
    assert kept[1:-1] == damaged
    assert [json.loads(line) for line in (kept[0], kept[-1])] == [{"ua": "x", "name": "LCP", "ts": 1500}] * 2


def test_a_body_of_a_full_beacon_is_logged_and_a_larger_one_refused(nginx, tmp_path):
    line = b'{"name": "LCP", "id": "a", "x": "' + b"x" * 60_000 + b'"}\n'
    assert post(f"{nginx}/collect/beacons", line) == 204
    assert post(f"{nginx}/collect/beacons", b"x" * 70_000) == 413
    time.sleep(0.2)
    assert len(unpacked(tmp_path, "beacons")) == 1
