"""When a model is to be trained again: enough news, drift, or errors worse than promised."""
