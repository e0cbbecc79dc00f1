"""Features of the warehouse → trained, judged and registered model → forecasts.

Arrows go one way: ``lifecycle`` → ``reporting`` → ``judging`` → ``training`` → ``data`` →
``model``. The service ships ``model`` alone, which needs numpy, LightGBM and pydantic.
"""
