"""How good the forecast is on generated growth, beside the most that anyone could know of it."""
