"""The assets, one module per part of the project; each body calls that part and reports on it."""
