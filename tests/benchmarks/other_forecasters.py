"""AutoETS (statsforecast) and Prophet on series that come as JSON: run by `forecasts` in an environment of its own.

In: a list of histories, null where missing. Out, on the last line: for each a forecast of 28 days and the ends of its
95 % interval, by name.
"""

import json
import logging
import sys
import warnings

import pandas as pd
from prophet import Prophet
from statsforecast.models import AutoETS

AHEAD, SEASON, LEVEL = 28, 7, 95


def main() -> None:
    """Reads stdin, writes stdout."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    made = []
    for history in json.load(sys.stdin):
        values = pd.Series(history, dtype=float)
        made.append({"AutoETS": ets(values), "Prophet": prophet(values)})
    print(json.dumps(made))


def ets(values: pd.Series) -> list[list[float]]:
    """Returns forecast, lower and upper; a missing day is filled as our own seasonal naive fills it."""
    filled = values.groupby(values.index % SEASON).ffill().ffill().to_numpy()
    found = AutoETS(season_length=SEASON).forecast(filled, AHEAD, level=[LEVEL])
    return [list(map(float, found[key])) for key in ("mean", f"lo-{LEVEL}", f"hi-{LEVEL}")]


def prophet(values: pd.Series) -> list[list[float]]:
    """Returns forecast, lower and upper."""
    days = pd.date_range("2025-01-01", periods=len(values) + AHEAD)
    model = Prophet(interval_width=LEVEL / 100).fit(pd.DataFrame({"ds": days[: len(values)], "y": values}))
    found = model.predict(pd.DataFrame({"ds": days[len(values) :]}))
    return [found[key].tolist() for key in ("yhat", "yhat_lower", "yhat_upper")]


if __name__ == "__main__":
    main()
