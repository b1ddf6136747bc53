"""What may matter and what for: exposures, outcomes, and the sums over sessions that estimates are made of.

Sums for each day and stratum are all that `correlations` reads; one GROUP BY makes them, here in pandas, or in SQL as
the README shows. No statistics belong here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]

STRATA = ["device", "country"]
SUMS = ["session_count", "weight_sum", "x_sum", "xx_sum", "y_sum", "xy_sum"]


@dataclass(frozen=True)
class Exposure:
    """What may matter: a column of fct_sessions, how it is limited and scaled, and what one unit of it means.

    `limits` bound the value before it is scaled, so that one hung tab does not decide; `control_of` marks a negative
    control.
    """

    column: str
    limits: tuple[float, float]
    step: float
    is_log: bool
    unit: str
    is_between_days: bool = False
    control_of: str | None = None

    def scaled(self, values: Array) -> Array:
        """Values as x: doublings (log2) or steps."""
        limited = np.clip(values, *self.limits)
        return np.log2(limited) if self.is_log else limited / self.step


_SPEED = {
    "lcp_ms": Exposure("first_lcp_ms", (100, 60_000), 1, True, "doubling of LCP"),
    "inp_ms": Exposure("first_inp_ms", (8, 10_000), 1, True, "doubling of INP"),
    "cls": Exposure("first_cls", (0, 1), 0.1, False, "0.1 of CLS"),
    "ux_score": Exposure("first_ux_score", (0, 100), 10, False, "10 points of UX score"),
}
_AVAILABILITY = Exposure("availability_share", (0, 1), 0.01, False, "percentage point of availability", True)
EXPOSURES = {
    **_SPEED,
    "availability_share": _AVAILABILITY,
    **{f"shuffled_{name}": replace(e, control_of=name) for name, e in _SPEED.items()},
    "next_day_availability_share": replace(_AVAILABILITY, control_of="availability_share"),
}
# Outcome → column of fct_sessions, and the value above which a session counts as no more: a tab left open is not
# engagement.
OUTCOMES = {
    "conversion_share": ("is_converted", 1.0),
    "bounce_share": ("is_bounce", 1.0),
    "duration_s": ("duration_s", 3600.0),
    "pages_per_session": ("page_view_count", 100.0),
}


def cells_from_sessions(
    sessions: pd.DataFrame, availability: pd.DataFrame | None = None, seed: int = 0
) -> pd.DataFrame:
    """Sum sessions to the cells that `associate` reads.

    Args:
        sessions: columns of fct_sessions: event_date, device, country, weight, the columns of `EXPOSURES` (missing
            where not measured) and of `OUTCOMES`. One row for each session.
        availability: event_date, availability_share (0 to 1) of the critical services; None leaves availability out.
        seed: of the shuffle that makes the negative controls.

    Returns:
        The frame that `associate` describes, negative controls included.
    """
    keys = ["event_date", *STRATA]
    grouped = sessions.assign(event_date=pd.to_datetime(sessions["event_date"])).groupby(keys, sort=True, dropna=False)
    cell = np.asarray(grouped.ngroup(), dtype=np.int64)
    index = grouped.size().index.to_frame(index=False)
    weight = sessions["weight"].to_numpy(dtype=float)
    outcomes = {
        name: np.minimum(sessions[column].to_numpy(dtype=float), most) for name, (column, most) in OUTCOMES.items()
    }
    frames = []
    for name, x in _exposure_values(sessions, availability, cell, seed):
        for outcome, y in outcomes.items():
            known = ~(np.isnan(x) | np.isnan(y))
            c, w, xk, yk = cell[known], weight[known], x[known], y[known]
            parts = {"session_count": np.ones_like(w), "weight_sum": w, "x_sum": w * xk, "xx_sum": w * xk * xk}
            parts |= {"y_sum": w * yk, "xy_sum": w * xk * yk}
            sums = {key: np.bincount(c, part, minlength=len(index)) for key, part in parts.items()}
            frames.append(index.assign(exposure=name, outcome=outcome, **sums))
    cells = pd.concat(frames, ignore_index=True)
    return cells[cells["session_count"] > 0].reset_index(drop=True)


def _exposure_values(
    sessions: pd.DataFrame, availability: pd.DataFrame | None, cell: Index, seed: int
) -> Iterator[tuple[str, Array]]:
    """Each exposure as x, one value for each session."""
    for name, exposure in _SPEED.items():
        x = exposure.scaled(sessions[exposure.column].to_numpy(dtype=float))
        yield name, x
        yield f"shuffled_{name}", _shuffled(x, cell, np.random.default_rng(seed))
    if availability is not None:
        daily = availability.set_index(pd.to_datetime(availability["event_date"]))["availability_share"]
        days = pd.to_datetime(sessions["event_date"])
        yield "availability_share", _AVAILABILITY.scaled(days.map(daily).to_numpy(dtype=float))
        tomorrow = (days + pd.Timedelta(days=1)).map(daily).to_numpy(dtype=float)
        yield "next_day_availability_share", _AVAILABILITY.scaled(tomorrow)


def _shuffled(x: Array, cell: Index, rng: np.random.Generator) -> Array:
    """Give each measured session the exposure of another measured session of its cell."""
    known = np.flatnonzero(~np.isnan(x))
    mixed = known[rng.permutation(len(known))]
    result = np.full_like(x, np.nan)
    result[known[np.argsort(cell[known], kind="stable")]] = x[mixed[np.argsort(cell[mixed], kind="stable")]]
    return result
