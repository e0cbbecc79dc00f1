"""Measurements against other ways to do the same: load, star, one more month, growth.

No test and no part of CI. What is measured lives here; what is tested lives in ``tests``.
"""
