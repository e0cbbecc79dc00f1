"""The folders' command lines are imported here; dagster-dbt warns of its own dependencies then."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import dagster_dbt  # noqa: F401
