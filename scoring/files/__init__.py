"""A door without a warehouse: truth and predictions from two CSVs, read chip by chip.

The form of lines and names is judged by ``loaders``, so that bad input gets the same words here.
"""
