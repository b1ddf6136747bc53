"""How fast a page is: the metrics that a browser would measure, from the shop's standing facts and what is planted.

Device, country, page and luck of the session multiply; so slow things stay slow together, as they do on real sites.
"""

from typing import Any

import numpy as np

from orchestration.simulate import site
from orchestration.simulate.plan import Plan, Window


class Speed:
    """Draws the metrics of page views: device, country, page, planted slowness, the session's luck, and chance."""

    def __init__(self, plan: Plan, rng: np.random.Generator):
        self.plan, self.rng = plan, rng
        self.deployed = np.array([release.deployed_ms for release in plan.releases])

    def release_at(self, ms: np.ndarray) -> np.ndarray:
        """Returns the index of the release that ran at each instant."""
        return np.maximum(np.searchsorted(self.deployed, ms, side="right") - 1, 0)

    def draw(
        self, device: np.ndarray, country: np.ndarray, group: np.ndarray, ms: np.ndarray, luck: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Draws the metrics of page views at instants `ms`; `luck` is the session's, standard normal.

        Returns:
            Arrays by field of `Views`: ttfb_ms, fcp_ms, lcp_ms, inp_ms (multiples of 8 ms) and cls.
        """
        n = len(device)
        far = field_of(site.COUNTRIES, "slowness")[country]
        for window in self.plan.country_slowness:
            code = next(i for i, c in enumerate(site.COUNTRIES) if c.code == window.of)
            far = np.where((country == code) & _within(ms, window), far * window.factor, far)
        noise = self.rng.normal(0, 1, (5, n))
        ttfb = field_of(site.DEVICES, "ttfb_ms")[device] * far * np.exp(0.30 * luck + 0.35 * noise[0])
        paint = field_of(site.DEVICES, "paint_ms")[device] * np.exp(0.33 * luck + 0.25 * noise[1])
        hero = field_of(site.DEVICES, "hero_ms")[device] * field_of(site.PAGE_GROUPS, "hero")[group]
        hero = hero * np.sqrt(far) * np.exp(0.45 * luck + 0.50 * noise[2])
        slow = np.ones(n)
        release = self.release_at(ms)
        for index, planted in enumerate(self.plan.releases):
            if planted.slow_page_group:
                hit = (release == index) & (group == site.GROUP_INDEX[planted.slow_page_group])
                slow = np.where(hit, planted.slowdown, slow)
        inp = field_of(site.DEVICES, "inp_ms")[device] * field_of(site.PAGE_GROUPS, "inp")[group]
        inp = np.maximum(8, np.round(inp * np.exp(0.25 * luck + 0.68 * noise[3]) / 8) * 8)
        still = self.rng.random(n) < 0.45
        shift = 0.055 * field_of(site.PAGE_GROUPS, "shift")[group] * np.exp(0.9 * noise[4])
        return {
            "ttfb_ms": np.round(ttfb, 1),
            "fcp_ms": np.round(ttfb + paint, 1),
            "lcp_ms": np.round((ttfb + paint + hero) * slow, 1),
            "inp_ms": inp,
            "cls": np.where(still, 0.0, np.round(shift, 4)),
        }


def hasten(metrics: dict[str, np.ndarray], navigation: np.ndarray) -> None:
    """Makes pages that come from memory or were drawn ahead fast, in place, as browsers report them."""
    kinds = {name: navigation == index for index, name in enumerate(site.NAVIGATION_TYPES)}
    for name, share in (("back-forward-cache", 0.04), ("prerender", 0.25), ("soft-navigation", 0.7)):
        metrics["ttfb_ms"] = np.where(kinds[name], 0.0, metrics["ttfb_ms"])
        for metric in ("fcp_ms", "lcp_ms"):
            metrics[metric] = np.where(kinds[name], np.round(metrics[metric] * share, 1), metrics[metric])


def field_of(things: tuple[Any, ...], name: str) -> np.ndarray:
    """Returns one field of a tuple of things of the shop, as an array to be indexed."""
    return np.array([getattr(thing, name) for thing in things])


def _within(ms: np.ndarray, window: Window) -> np.ndarray:
    return (ms >= window.started_ms) & (ms < window.ended_ms)
