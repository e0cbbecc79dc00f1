"""A simulated year: generated data cut into deliveries, some of them late, wrong or gone."""
