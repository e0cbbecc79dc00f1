"""The manifest is asked for here; dagster-dbt, which is imported with it, warns of its own."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import dagster_dbt  # noqa: F401
