"""The metric by itself: arrays in, counts and matches out, one chip at a time.

Nothing here reads a file or a database, and nothing here knows where rows come from.
"""
