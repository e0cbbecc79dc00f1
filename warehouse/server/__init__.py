"""The private PostGIS server: found or installed, made, configured, started, stopped, deleted.

What is done inside the database belongs to ``warehouse.setup``.
"""
