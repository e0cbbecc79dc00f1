"""One Dagster graph from source file to packaged service; no logic of its own.

What an asset does belongs to ``loaders``, ``dbt_project``, ``ml`` or ``serving``; here stands when
it is done, what depends on it and what a person sees of it. Nothing imports this package.
"""
