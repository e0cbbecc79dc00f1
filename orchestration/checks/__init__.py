"""Asset checks; those that are dbt tests come with ``orchestration.assets.transform``."""
