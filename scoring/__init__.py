"""Scores of building trackers beside the truth, by SCOT and beyond it.

Here belong the rules of the metric and the doors through which rows come to them; not the loading
of predictions (``loaders``), not their making (``synthetic``), not what is shown (``serving``).
"""
