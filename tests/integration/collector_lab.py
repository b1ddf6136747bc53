"""A small site on loopback that uses collect.js, and a collector beside it that appends what arrives to landing."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPTS = {
    "/collect.js": ROOT / "orchestration" / "sources" / "collect" / "collect.js",
    "/web-vitals.js": ROOT / "tests" / "data" / "web_vitals" / "web-vitals.attribution.js",
}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Lab</title><link rel="icon" href="data:,">
<script type="importmap">{"imports": {"web-vitals/attribution": "/web-vitals.js"}}</script>
<script type="module">
  import {collect} from '/collect.js';
  collect({endpoint: '/collect', release: '2026.45.1', user_id: 'visitor@example.com'});
  window.ready = true;
</script>
<style>h1, h2 { font-size: 80px } #late { height: 0 } #late.here { height: 300px }</style>
<body><div id="late"></div><h1>A heading that is the largest thing to paint</h1>
<button id="slow">Slow</button> <button id="throw">Throw</button> <button id="reject">Reject</button>
<button id="soft">Soft</button>
<a id="next" href="/product/lamp?email=someone@example.com#top">Next</a>
<script>
  setTimeout(() => document.getElementById('late').classList.add('here'), 300);
  const busy = (ms) => { const end = performance.now() + ms; while (performance.now() < end); };
  document.getElementById('slow').onclick = () => busy(120);
  document.getElementById('throw').onclick = () => { throw new TypeError('The cart of someone@example.com is gone'); };
  document.getElementById('reject').onclick = () => { Promise.reject(new RangeError('No such page')); };
  document.getElementById('soft').onclick = () => {
    history.pushState({}, '', '/account/orders');
    const heading = Object.assign(document.createElement('h2'), {textContent: 'Another view, painted after a click'});
    document.body.append(heading);
  };
</script></body></html>"""


@contextmanager
def serve(landing: Path) -> Iterator[str]:
    """The site's address; what its pages send is in `landing` as <today>/beacons.ndjson and errors.ndjson."""
    writing = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.split("?")[0]
            body = SCRIPTS[path].read_bytes() if path in SCRIPTS else PAGE.encode()
            self.answer(200, body, "text/javascript" if path in SCRIPTS else "text/html")

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            now = datetime.now(UTC)
            target = landing / f"{now:%Y-%m-%d}" / f"{self.path.removeprefix('/collect/')}.ndjson"
            lines = [json.dumps(json.loads(line) | {"ts": now.isoformat()}) for line in body.splitlines()]
            with writing:
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("a") as file:
                    file.writelines(line + "\n" for line in lines)
            self.answer(204, b"", "text/plain")

        def answer(self, status, body, kind):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
