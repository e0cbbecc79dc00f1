"""Features of the warehouse → trained, judged and registered model → forecasts.

``ml.model`` and what it imports need numpy, LightGBM and pydantic only; the service ships them.
Training, MLflow and the database stay in the modules beside it.
"""
