"""What every request passes before it is answered, and how the process ends.

Request ids, limits, keys, counts, the one form of errors. Nothing here knows a chip or a model.
"""
