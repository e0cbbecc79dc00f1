"""Synthetic data that behaves like SpaceNet 7's labels, at any size, with the truth beside it."""

from synthetic.synthesis import Size, SynthesisReport, synthesize

__all__ = ["Size", "SynthesisReport", "synthesize"]
