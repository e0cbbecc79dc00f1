"""The monthly report: what came, how good it is, what was trained, how the forecasts did."""
