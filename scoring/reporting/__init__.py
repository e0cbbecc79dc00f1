"""The report of a tracker: one HTML file with tables and pictures.

Nothing is counted here that the score does not hold.
"""
