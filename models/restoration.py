"""Whether service is restored faster than in a baseline period, and what so few incidents can tell at all.

Times to restore are taken as log-normal in both periods, each with its own spread: the claim is about the mean (MTTR),
and a shorter usual time with a longer tail may leave the mean where it was. What counts as an incident does not belong
here.
"""

from datetime import date

import numpy as np
import pandas as pd

from models.log_normal import Sample, fitted, log_mean_variance, log_ratio

MODEL_NAME, MODEL_VERSION = "restoration_log_normal", "2"
COLUMNS = [
    "verdict", "reason", "baseline_starts_on", "baseline_ends_on", "baseline_count", "baseline_open_count",
    "current_count", "current_open_count", "baseline_mttr_s", "current_mttr_s", "goal_share", "reduction_share",
    "reduction_lower", "reduction_upper", "smallest_detectable_share", "luck_probability", "needed_count", "log_sd",
    "p_value", "p_value_met", "p_value_missed", "event_date", "model_name", "model_version",
]  # fmt: skip
_REDUCTION = ("reduction_share", "reduction_lower", "reduction_upper")
ALPHA, POWER = 0.05, 0.8
PERMUTATIONS, DRAWS, SEED = 1999, 40_000, 20_261_123
FEWEST = 3  # ended incidents a period: below that a spread says nothing


def judge_restoration(
    incidents: pd.DataFrame, as_of: date, baseline: tuple[date, date] | None, goal_share: float = 0.5
) -> pd.DataFrame:
    """Judge the claim that the mean time to restore fell by `goal_share` against the baseline period.

    Args:
        incidents: one row per incident: `event_date` (UTC day on which it began), `restore_s` (seconds to restore, over
            0; of an open one the seconds that it has gone on), `is_open`. Those before the baseline count nowhere.
        as_of: the last day that is known.
        baseline: its first and last day; None where none is declared. All after it is the current period.
        goal_share: the reduction that is claimed, over 0 and under 1.

    Returns:
        One row with `COLUMNS`. `verdict` is met when the permutation test and the bootstrap interval both put the
        reduction at the goal or over it, missed when both put it under, else not_proven; each side at 2.5 %. Where
        incidents are open, those that ended must give the same verdict by themselves, or what one open ticket may still
        last would decide; while they do not, there is no `reduction_*` either.
        `reduction_*` are of the log-normal means (95 % interval), `p_value` is that of any change,
        `smallest_detectable_share` the smallest reduction that so many incidents show with a power of 80 %,
        `luck_probability` how often the plain means differ by the goal where nothing has changed, `needed_count` the
        incidents a period that could show a reduction by the goal.

    Raises:
        ValueError: A duration is not over 0, or the goal is no share between 0 and 1.
    """
    if not 0 < goal_share < 1:
        raise ValueError(f"goal_share is {goal_share}; a reduction lies between 0 and 1")
    if (incidents["restore_s"] <= 0).any():
        raise ValueError("restore_s must be over 0: leave out records of no length")
    row: dict[str, object] = dict.fromkeys(COLUMNS)
    row |= {"verdict": "not_proven", "goal_share": goal_share, "event_date": as_of}
    row |= {"model_name": MODEL_NAME, "model_version": MODEL_VERSION}
    if baseline is None:
        return pd.DataFrame([row | {"reason": "No baseline period is declared."}], columns=COLUMNS)
    began = incidents["event_date"].to_numpy().astype("datetime64[D]")
    is_before = (began >= np.datetime64(baseline[0])) & (began <= np.datetime64(baseline[1]))
    is_after = (began > np.datetime64(baseline[1])) & (began <= np.datetime64(as_of))
    before, after = _period(incidents[is_before]), _period(incidents[is_after])
    row |= {"baseline_starts_on": baseline[0], "baseline_ends_on": baseline[1]}
    row |= _counts("baseline", before) | _counts("current", after)
    if min(before.ended_count, after.ended_count) < FEWEST:
        reason = f"Fewer than {FEWEST} incidents ended in the baseline or since: too few to tell change from luck."
        return pd.DataFrame([row | {"reason": reason}], columns=COLUMNS)
    row |= _judged(before, after, goal_share)
    if before.is_open.any() or after.is_open.any():
        ended = _judged(before.ended, after.ended, goal_share)
        # One ticket that nobody closed can make the mean hundreds of times as long: a size that nobody has measured.
        low, share, high = (
            float(str(found)) for found in (ended["reduction_lower"], row["reduction_share"], ended["reduction_upper"])
        )
        if ended["verdict"] != row["verdict"] or not low <= share <= high:
            row |= {"verdict": "not_proven"}
        if row["verdict"] == "not_proven":
            row |= dict.fromkeys(_REDUCTION)
    return pd.DataFrame([row | {"reason": _worded(row)}], columns=COLUMNS)


def luck_probability(counts: tuple[int, int], log_sd: float, goal_share: float = 0.5) -> float:
    """How often the plain means of two samples of one log-normal distribution differ by `goal_share` or more.

    Args:
        counts: sizes of the two samples, 1 at the least.
        log_sd: standard deviation of the logarithms.
        goal_share: the reduction from the first mean to the second.
    """
    rng = np.random.default_rng(SEED)
    totals = [np.zeros(DRAWS), np.zeros(DRAWS)]
    for total, count in zip(totals, counts, strict=True):
        for _ in range(count):
            total += rng.lognormal(0.0, log_sd, DRAWS)
    return float((totals[1] / counts[1] <= (1 - goal_share) * totals[0] / counts[0]).mean())


def smallest_detectable_share(counts: tuple[int, int], log_sd: float) -> float:
    """The smallest true reduction of the mean that a two-sided test at 5 % finds in 80 % of the cases.

    Normal theory on the logarithm of the ratio of log-normal means (`log_mean_variance`), with Student's t.
    """
    from scipy.stats import t

    freedom = sum(counts) - 2
    error = np.sqrt(sum(log_mean_variance(log_sd**2, np.asarray(count)) for count in counts))
    return float(-np.expm1(-(t.ppf(1 - ALPHA / 2, freedom) + t.ppf(POWER, freedom)) * error))


def needed_count(log_sd: float, goal_share: float = 0.5) -> int:
    """Incidents in each of two periods from which on a reduction by `goal_share` is found in 80 % of the cases."""
    low, high = FEWEST - 1, FEWEST
    while smallest_detectable_share((high, high), log_sd) > goal_share:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if smallest_detectable_share((middle, middle), log_sd) > goal_share:
            low = middle
        else:
            high = middle
    return high


def _period(incidents: pd.DataFrame) -> Sample:
    ordered = incidents.sort_values(["restore_s", "is_open"], kind="stable")
    return Sample(np.log(ordered["restore_s"].to_numpy(dtype=float)), ordered["is_open"].to_numpy(dtype=bool))


def _counts(name: str, period: Sample) -> dict[str, object]:
    ended = np.exp(period.logs[~period.is_open])
    return {
        f"{name}_count": period.logs.size,
        f"{name}_open_count": int(period.is_open.sum()),
        f"{name}_mttr_s": float(ended.mean()) if ended.size else None,
    }


def _judged(before: Sample, after: Sample, goal_share: float) -> dict[str, object]:
    goal = float(np.log1p(-goal_share))
    change, _ = log_ratio(before, after)
    lower, upper = _bootstrapped(before, after)
    p_met, p_missed = _permuted(before, after, goal)
    counts = (int(before.ended_count), int(after.ended_count))
    log_sd = _pooled_sd(before, after)
    verdict = "not_proven"
    if p_met <= ALPHA / 2 and upper <= goal:
        verdict = "met"
    elif p_missed <= ALPHA / 2 and lower > goal:
        verdict = "missed"
    return {
        "verdict": verdict,
        "reduction_share": float(-np.expm1(change)),
        "reduction_lower": float(-np.expm1(upper)),
        "reduction_upper": float(-np.expm1(lower)),
        "p_value": min(1.0, 2 * min(_permuted(before, after, 0.0))),
        "p_value_met": p_met,
        "p_value_missed": p_missed,
        "log_sd": log_sd,
        "smallest_detectable_share": smallest_detectable_share(counts, log_sd),
        "luck_probability": luck_probability(counts, log_sd, goal_share),
        "needed_count": needed_count(log_sd, goal_share),
    }


def _worded(row: dict[str, object]) -> str:
    open_count = int(str(row["baseline_open_count"])) + int(str(row["current_open_count"]))
    # Without these words a mean of the ended and a change with the open ones would seem to contradict each other.
    still_open = f" {open_count} still open: counted as lasting longer than so far." if open_count else ""
    if row["verdict"] == "met":
        return "The whole interval and the permutation test put the reduction at the goal or over it." + still_open
    if row["verdict"] == "missed":
        return "The whole interval and the permutation test put the reduction under the goal." + still_open
    return (
        f"{row['baseline_count']} incidents against {row['current_count']} since could only show a fall of"
        f" {row['smallest_detectable_share']:.0%} or more; one of {row['goal_share']:.0%} happens by luck"
        f" {row['luck_probability']:.0%} of the time." + still_open
    )


def _permuted(before: Sample, after: Sample, change: float) -> tuple[float, float]:
    """p-values of a change under and over `change` (logarithm), each one-sided, from a studentised permutation test.

    Exact where a change by that factor makes the periods alike, close to it where spreads differ as well (Janssen,
    Statistics & Probability Letters 36, 1997).
    """
    after = after.shifted(-change)
    logs, is_open = np.concatenate([before.logs, after.logs]), np.concatenate([before.is_open, after.is_open])
    order = np.argsort(np.random.default_rng(SEED).random((PERMUTATIONS, logs.size)), axis=1)
    size = before.logs.size
    drawn = Sample(logs[order], is_open[order])
    change_drawn, error_drawn = log_ratio(
        Sample(drawn.logs[:, :size], drawn.is_open[:, :size]), Sample(drawn.logs[:, size:], drawn.is_open[:, size:])
    )
    found, error = log_ratio(before, after)
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic, drawn_statistic = found / error, change_drawn / error_drawn
    # A draw in which hardly any incident ended has no statistic: it speaks against every claim.
    unknown = np.isnan(drawn_statistic)
    below = (unknown | (drawn_statistic <= statistic)).sum()
    above = (unknown | (drawn_statistic >= statistic)).sum()
    return float((1 + below) / (PERMUTATIONS + 1)), float((1 + above) / (PERMUTATIONS + 1))


def _bootstrapped(before: Sample, after: Sample) -> tuple[float, float]:
    """The 95 % interval of the change by parametric bootstrap of the generalised pivot of a log-normal mean.

    m − Z·√(v'/n) + v'/2 with v' = v·(n−1)/χ², which keeps its level from five incidents on, where resampling them does
    not (Krishnamoorthy, Mathew, J. Statistical Planning and Inference 115, 2003; Chen, Zhou, Statistics in Medicine 25,
    2006). Open incidents add to the estimates and not to n.
    """
    rng = np.random.default_rng(SEED + 1)
    changes = np.zeros(DRAWS)
    for sign, period in ((-1, before), (1, after)):
        mean, spread = fitted(period)
        count = int(period.ended_count)
        drawn = spread * (count - 1) / rng.chisquare(count - 1, DRAWS)
        changes += sign * (mean - rng.standard_normal(DRAWS) * np.sqrt(drawn / count) + drawn / 2)
    lower, upper = np.quantile(changes, [ALPHA / 2, 1 - ALPHA / 2])
    return float(lower), float(upper)


def _pooled_sd(before: Sample, after: Sample) -> float:
    weights = [float(period.ended_count) - 1 for period in (before, after)]
    spreads = [float(fitted(period)[1]) for period in (before, after)]
    return float(np.sqrt(np.average(spreads, weights=weights)))
