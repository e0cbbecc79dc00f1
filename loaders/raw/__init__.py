"""The tables of schema ``raw`` and their rows; who writes there, writes here.

How a source is read belongs to ``loaders.forms``.
"""
