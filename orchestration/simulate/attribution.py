"""What browsers say a value is made of: the parts of LCP, FCP, INP and TTFB, and the elements behind LCP, INP and CLS.

As the attribution build of web-vitals 5 reports it. Parts add up to the value, but for a few that a broken collector
spoilt. How long pages took is decided in `speed`.
"""

import json

import numpy as np
import pyarrow as pa

from orchestration.simulate import site
from orchestration.simulate.beacons import METRICS, Reports
from orchestration.simulate.traffic import Views
from orchestration.simulate.writers import joined, strings

# Attribution on three views in ten is enough to have it in the data without doubling their size.
_ATTRIBUTED_SHARE = 0.3
_SPOILT_SHARE = 0.003

_TEXT = "h1"
_IMAGES = {
    "home": "main>img.hero",
    "category": "ul.results>li:nth-child(1)>a>img",
    "product": "#gallery>img",
    "search": "ul.results>li:nth-child(1)>a>img",
}
_PRESSED = {"product": "button#buy", "search": "input.q", "category": "label.filter", "checkout": "button.pay"}
_MENU = "nav>button.menu"
_SHIFTED = ("div.banner", "ul.results", "footer>div.consent", 'div#"><script>alert(1)</script>')
_KEYS = {
    "TTFB": ("waitingDuration", "cacheDuration", "dnsDuration", "connectionDuration", "requestDuration"),
    "FCP": ("timeToFirstByte", "firstByteToFCP"),
    "LCP": ("timeToFirstByte", "resourceLoadDelay", "resourceLoadDuration", "elementRenderDelay"),
    "INP": ("inputDelay", "processingDuration", "presentationDelay"),
}


class Attribution:
    """The attribution of a day's views; the same view says the same about each of its reports."""

    def __init__(self, views: Views, rng: np.random.Generator):
        n = len(views)
        self.views = views
        self.is_attributed = rng.random(n) < _ATTRIBUTED_SHARE
        self.is_spoilt = rng.random(n) < _SPOILT_SHARE
        self.shares = rng.random((3, n))
        has_image = np.array([group.name in _IMAGES for group in site.PAGE_GROUPS])
        self.is_text = (rng.random(n) < 0.3) | ~has_image[views.group]

    def texts(self, reports: Reports) -> pa.Array:
        """Returns `,"attribution":{…}` for each report that has one, and nothing for the others."""
        texts: list[pa.Array] = [pa.array([""], pa.string())]
        index = np.zeros(len(reports.view), np.int32)
        for name in ("TTFB", "FCP", "LCP", "CLS", "INP"):
            of_metric = (reports.metric == METRICS.index(name)) & self.is_attributed[reports.view]
            hit = np.flatnonzero(of_metric & (reports.value >= 0) & (reports.value < 600_000))
            index[hit] = sum(map(len, texts)) + np.arange(len(hit))
            texts.append(self._objects(name, reports.view[hit], reports.value[hit]))
        return pa.concat_arrays(texts).take(pa.array(index))

    def _objects(self, name: str, view: np.ndarray, value: np.ndarray) -> pa.Array:
        pairs: list[pa.Array | str] = []
        if name in _KEYS:
            parts = self._parts(name, view, value)
            # The first part is spoilt, so that the sum no longer fits.
            parts[0] = np.where(self.is_spoilt[view], np.round(parts[0] + value + 10, 1), parts[0])
            for key, part in zip(_KEYS[name], parts, strict=True):
                pairs += [f'{"," if pairs else ""}"{key}":', strings(part)]
        if name in ("LCP", "INP", "CLS"):
            key = {"LCP": "target", "INP": "interactionTarget", "CLS": "largestShiftTarget"}[name]
            pairs += [f'{"," if pairs else ""}"{key}":', self._targets(name, view)]
        return joined(',"attribution":{', *pairs, "}")

    def _parts(self, name: str, view: np.ndarray, value: np.ndarray) -> list[np.ndarray]:
        """Returns the parts in ms, to a tenth; the last is what the others leave of the value."""
        first, second, third = self.shares[:, view]
        if name == "TTFB":
            shares = [0.02 + 0.06 * first, 0 * first, 0.08 * second, 0.25 * third]
            parts = [np.round(value * share, 1) for share in shares]
        elif name == "INP":
            parts = [np.round(value * (0.05 + 0.3 * first), 1), np.round(value * (0.2 + 0.35 * second), 1)]
        else:
            parts = [np.minimum(self.views.ttfb_ms[view], value)]
        if name == "LCP":
            # A text needs no resource: all that is left goes to drawing it.
            left = np.where(self.is_text[view], 0.0, value - parts[0])
            parts += [np.round(left * (0.15 + 0.3 * first), 1), np.round(left * (0.2 + 0.2 * second), 1)]
        return [*parts, np.maximum(0.0, np.round(value - np.sum(parts, axis=0), 1))]

    def _targets(self, name: str, view: np.ndarray) -> pa.Array:
        if name == "CLS":
            choices = list(_SHIFTED)
            # The last one is what a stranger can make of an id; a few are enough.
            index = np.searchsorted([0.5, 0.85, 0.999], self.shares[0, view])
        else:
            of_group = _IMAGES if name == "LCP" else _PRESSED
            other = _TEXT if name == "LCP" else _MENU
            choices = [of_group.get(group.name, other) for group in site.PAGE_GROUPS] + [other]
            index = np.where(self.is_text[view], len(choices) - 1, self.views.group[view])
        return strings([json.dumps(choice) for choice in choices]).take(pa.array(index))
