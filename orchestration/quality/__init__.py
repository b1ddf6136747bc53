"""What must be true of the data before people read it, as Great Expectations suites over small frames of the warehouse.

Checks are declared in `checks`, their frames are one SQL file each in `frames/`, `evaluation` judges them and writes
the Data Docs. Rows that a table can refuse while it is built (types, keys, ranges of one row) are contracts and tests
in `dbt_project/` and do not belong here.
"""

from orchestration.quality.checks import CHECKS, Check
from orchestration.quality.evaluation import (
    Result,
    blocking_failures,
    data_docs_dir,
    evaluate,
    last_results,
)

__all__ = ["CHECKS", "Check", "Result", "blocking_failures", "data_docs_dir", "evaluate", "last_results"]
