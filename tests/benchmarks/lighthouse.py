"""Lighthouse on every published page, for a phone: `python -m tests.benchmarks.lighthouse [FOLDER]`, by hand.

Needs Chromium and Lighthouse, which is an npm package: `npm install --prefix /tmp/lighthouse lighthouse`, then
`LIGHTHOUSE=/tmp/lighthouse/node_modules/.bin/lighthouse`. The folder is served on loopback, as it is, without
compression; the baseline is the target of at least 95 in performance and in accessibility.
"""

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

TARGET = 95
CATEGORIES = ("performance", "accessibility", "best-practices")


def main() -> int:
    """Print a table of scores; 1 if a page misses the target."""
    home = Path(os.environ.get("BEACONMART_HOME", "data"))
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else home / "published"
    command = os.environ.get("LIGHTHOUSE") or shutil.which("lighthouse")
    chrome = os.environ.get("CHROME_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
    if not command or not chrome:
        print((__doc__ or "").strip())
        return 2
    pages = sorted(path.name for path in folder.glob("*.html"))
    if not pages:
        print(f"No page in {folder}: run `beaconmart run` first, or name a folder.")
        return 2
    handler = functools.partial(Quiet, directory=str(folder.resolve()))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"{'page':32}" + "".join(f"{name:>16}" for name in CATEGORIES) + f"{'LCP':>10}{'TBT':>10}{'CLS':>8}")
    missed = 0
    for page in pages:
        report = measure(command, chrome, f"http://127.0.0.1:{server.server_port}/{page}")
        scores = [round(100 * (report["categories"][name]["score"] or 0)) for name in CATEGORIES]
        missed += min(scores[:2]) < TARGET
        audits = [
            report["audits"][name].get("displayValue", "–")
            for name in ("largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift")
        ]
        print(f"{page:32}" + "".join(f"{score:>16}" for score in scores) + "{:>10}{:>10}{:>8}".format(*audits))
    print(f"{len(pages) - missed} of {len(pages)} pages reach {TARGET} in performance and accessibility.")
    return int(missed > 0)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def measure(command: str, chrome: str, url: str) -> dict:
    """Run Lighthouse with its defaults for a phone and return its report."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        arguments = [command, url, "--quiet", "--output=json", f"--output-path={out}"]
        arguments += [f"--only-categories={','.join(CATEGORIES)}", "--chrome-flags=--headless=new --no-sandbox"]
        done = subprocess.run(arguments, env={**os.environ, "CHROME_PATH": chrome}, capture_output=True, text=True)
        if not out.exists():
            raise SystemExit(f"Lighthouse failed on {url}: {done.stderr.strip()[-500:]}")
        return json.loads(out.read_text())


if __name__ == "__main__":
    sys.exit(main())
