"""How often pairs of KPIs are called associated that are not, and how often a pair that is one is found.

Run by hand: `python -m tests.benchmarks.kpi_correlations [--seeds 0-39] [--days 120]`, half a CPU-s a seed. A site is
eight independent series with a week, a trend and a memory of 0.8; then one shock moves two of them, three days apart.
The baseline is the plain correlation of the same days (p < 0.05).
"""

import argparse

import numpy as np

from models.kpi_correlations import correlate_kpis
from tests.benchmarks.seeds import seeds
from tests.unit.models.test_kpi_correlations import AS_OF, frame, series


def main() -> None:
    """Prints what was claimed of all seeds, beside the plain correlation."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=seeds, default="0-39")
    parser.add_argument("--days", type=int, default=120)
    arguments = parser.parse_args()
    p_values: list[float] = []
    plain: list[float] = []
    false_sites = found = 0
    for seed in arguments.seeds:
        table = series(seed, arguments.days)
        correlations = np.corrcoef(table.T)[np.triu_indices(table.shape[1], 1)]
        plain += list(np.abs(correlations) > 1.96 / np.sqrt(arguments.days))
        told = correlate_kpis(frame(table), AS_OF)
        p_values += list(told["p_value"])
        false_sites += (told["verdict"] == "associated").any()
        shock = np.random.default_rng([seed, 1]).normal(0, 1.5, len(table))
        table[:, 0] += shock
        table[3:, 1] += shock[:-3]
        told = correlate_kpis(frame(table), AS_OF).set_index(["kpi", "other_kpi"]).loc[("kpi_0", "kpi_1")]
        found += told["verdict"] == "associated" and told["lag_days"] == 3
    sites = len(arguments.seeds)
    print(f"pairs that have nothing to do with each other, p < 0.05: {np.mean(np.array(p_values) < 0.05):.1%}")
    print(f"the same by plain correlation: {np.mean(plain):.1%}")
    print(f"sites with a false pair after control: {false_sites} of {sites}")
    print(f"a shock that follows three days later found with its lag: {found} of {sites}")


if __name__ == "__main__":
    main()
