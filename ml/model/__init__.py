"""The forecast model: all that is needed to use one, and nothing else; the service ships it whole.

No database, no MLflow, no training.
"""
