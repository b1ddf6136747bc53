"""How long the simulator takes for a million beacons, beside the bare cost of packing the same bytes.

Run by hand: `python tests/benchmarks/simulate.py`. The baseline is one thread that gzips the finished text.
"""

import gzip
import sys
import tempfile
import time
import zlib
from datetime import date
from pathlib import Path

from orchestration.simulate import simulate
from orchestration.simulate.writers import GZIP_LEVEL


def main(page_views=175_000):
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        truth = simulate(Path(folder), days=1, end=date(2026, 11, 22), seed=1, page_views_per_day=page_views)
        seconds = time.perf_counter() - began
        reports = truth.totals()["reports"]
        texts = [gzip.decompress(file.read_bytes()) for file in Path(folder).rglob("*.gz")]
        began = time.perf_counter()
        for text in texts:
            packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)
            packer.compress(text)
            packer.flush()
        packing = time.perf_counter() - began
    size = sum(map(len, texts)) / 1e6
    print(f"{reports:,} beacons ({size:,.0f} MB of text, all feeds) in {seconds:.1f} s")
    print(f"  for a million: {seconds / reports * 1e6:.1f} s (at most 15)")
    print(f"  gzip alone:    {packing:.1f} s, ratio {seconds / packing:.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
