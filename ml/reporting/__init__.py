"""What a training run shows of itself: frames of its forecasts, plots, the model card.

Everything starts from one frame, one row per judged forecast (``frames``), so nothing here knows
how a model is trained or judged, and nothing here decides.
"""
