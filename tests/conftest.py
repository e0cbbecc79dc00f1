"""Fixtures, by theme; registered here and nowhere else."""

import pytest

pytest.register_assert_rewrite("tests.fixtures")

pytest_plugins = [
    "tests.fixtures.browser",
    "tests.fixtures.built_warehouse",
    "tests.fixtures.commands",
    "tests.fixtures.databases",
    "tests.fixtures.dbt",
    "tests.fixtures.generated",
    "tests.fixtures.service",
    "tests.fixtures.session",
    "tests.fixtures.sources",
    "tests.fixtures.trained",
]
