"""Files of SpaceNet 7's forms into the tables of schema ``raw``, and synthetic data."""
