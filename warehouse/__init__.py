"""The door to the database: settings, connections, roles and the private PostGIS server.

What reads or writes the tables themselves belongs to ``loaders``, ``dbt_project`` and ``ml``.
"""
