"""Other ways to bring the CSV into PostgreSQL, each as its own documentation shows it.

Each module is a program: ``python -m benchmarks.peers.adbc_ingest CSV SCHEMA.TABLE``. libpq's
environment variables say where the database is. Nothing here imports the rest of the project, so
that a peer pays for its own imports alone.
"""
