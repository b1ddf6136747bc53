"""What may matter for a session and what for: names, units, and what else could have moved both.

Only words and constants belong here. How exposures are limited and scaled, and which sessions are compared, is decided
where they are summed (`fct_effect_sums_daily` in the dbt project); the estimates are `effects`' business.
"""

from dataclasses import dataclass

# Browsers report INP and CLS for as long as a page is open: who stays longer has more of both.
_GROWS = "; it goes on growing while the page is open, so that staying may cause it as well"


@dataclass(frozen=True)
class Exposure:
    """What one unit of it is, which other cause is the first to think of, and the good limit of a metric."""

    unit: str
    rival: str
    good: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What a session may do; `is_share` means that it does it or not."""

    unit: str
    is_share: bool = False


_RIVAL = "an unseen cause of both, such as a weak device or network"
_WITH_LCP = ", or LCP, which goes with it"
EXPOSURES = {
    "lcp_ms": Exposure("doubling of LCP", _RIVAL, 2500),
    "inp_ms": Exposure("doubling of INP", _RIVAL + _WITH_LCP + _GROWS, 200),
    "cls": Exposure("0.1 of CLS", _RIVAL + _WITH_LCP + _GROWS, 0.1),
    "ttfb_ms": Exposure("doubling of TTFB", _RIVAL + _WITH_LCP, 800),
    "error": Exposure("error in the first page view", "what makes pages fail for some"),
    "outage": Exposure("outage as the visit begins", "whatever else happened in these minutes"),
}
OUTCOMES = {
    "conversion": Outcome("orders per session", is_share=True),
    "bounce": Outcome("bounces per session", is_share=True),
    "duration": Outcome("seconds per session"),
    "pages": Outcome("page views per session"),
    "revenue": Outcome("revenue per session"),
}
