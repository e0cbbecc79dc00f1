"""A warehouse in a folder: database and the rest of its home, written and brought back.

What can be had again by itself stays out: fetched and generated data, logs, the server's own files.
"""
