"""What a data set is to hold: known facts, tunables, growth of each chip by month.

Nothing is drawn here; that is ``synthetic.drawing``.
"""
