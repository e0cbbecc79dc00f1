"""The feature tables as arrays.

What the columns mean is told by ``dbt_project/models/features``.
"""
