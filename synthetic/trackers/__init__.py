"""Predictions of building trackers that never were: labels, disturbed in the ways trackers err.

What is drawn here depends on the labels and a seed only; scores belong to ``scoring``.
"""
