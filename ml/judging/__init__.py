"""How good a forecast is: backtests, scores, the verdict, tables and plots of them.

Nothing is written to database or registry here.
"""
