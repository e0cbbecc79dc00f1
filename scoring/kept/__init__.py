"""Trackers of the warehouse: truth and predictions out of ``raw``, scores into schema ``scores``.

What is scored already, and has not changed since, is not scored again.
"""
