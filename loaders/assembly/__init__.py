"""Rows into footprints and observations: each distinct polygon once, each row as integers.

No file is read here and no table is written.
"""
