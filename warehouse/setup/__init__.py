"""What a database needs before anything is loaded: PostGIS, schemas, roles, passwords.

Tables belong to those who write them: ``loaders.raw``, ``dbt_project``, ``ml.lifecycle``.
"""
