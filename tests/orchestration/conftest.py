"""Dagster's dbt library is imported once, before its own dependencies' warnings count as errors."""

import warnings

with warnings.catch_warnings():
    # sqlglot, which dagster-dbt imports, warns of its own deprecated companion.
    warnings.simplefilter("ignore")
    import dagster_dbt  # noqa: F401
