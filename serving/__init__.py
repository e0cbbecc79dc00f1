"""The forecast service: a trained model and the warehouse's features behind HTTP."""
