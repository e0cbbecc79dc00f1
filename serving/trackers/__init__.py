"""Trackers of buildings: their scores, and where and when they err, for tables and maps.

Scores are made by ``scoring``; layers of errors as files and features stand in ``layers``.
"""
