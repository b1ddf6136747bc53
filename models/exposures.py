"""What may matter for a session and what for: names, units, and what else could have moved both.

Only words and constants belong here. How exposures are limited and scaled, and which sessions are compared, is decided
where they are summed (`fct_effect_sums_daily` in the dbt project); the estimates are `effects`' business.
"""

from dataclasses import dataclass

# Browsers report INP and CLS for as long as a page is open: who stays longer has more of both.
_GROWS = "; it goes on growing while the page is open, so that staying may cause it as well"


@dataclass(frozen=True)
class Exposure:
    """What one unit of it is, what the gain is reckoned to, and which other cause is the first to think of."""

    unit: str
    good: str
    rival: str


@dataclass(frozen=True)
class Outcome:
    """What a session may do; `is_share` means that it does it or not."""

    unit: str
    is_share: bool = False


_RIVAL = "an unseen cause of both, such as a weak device or network"
_WITH_LCP = ", or LCP, which goes with it"
EXPOSURES = {
    "lcp_ms": Exposure("doubling of LCP", "LCP of 2.5 s at most", _RIVAL),
    "inp_ms": Exposure("doubling of INP", "INP of 200 ms at most", _RIVAL + _WITH_LCP + _GROWS),
    "cls": Exposure("0.1 of CLS", "CLS of 0.1 at most", _RIVAL + _WITH_LCP + _GROWS),
    "ttfb_ms": Exposure("doubling of TTFB", "TTFB of 0.8 s at most", _RIVAL + _WITH_LCP),
    "error": Exposure("error in the first page view", "no error in first page views", "what makes pages fail for some"),
    "outage": Exposure("outage as the visit begins", "no outage", "whatever else happened in these minutes"),
}
OUTCOMES = {
    "conversion": Outcome("orders per session", is_share=True),
    "bounce": Outcome("bounces per session", is_share=True),
    "duration": Outcome("seconds per session"),
    "pages": Outcome("page views per session"),
    "revenue": Outcome("revenue per session"),
}
