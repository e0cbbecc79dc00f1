"""Fitting a model to examples, by the tunables of ``params.yaml``.

Whether it is any good is for ``ml.judging`` to say.
"""
