"""The documentation site: the pages of ``docs/`` and what the dbt manifest and the service tell.

``make docs`` builds it, offline and strictly: a link that leads nowhere is an error.
"""
