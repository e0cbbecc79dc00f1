"""A year in minutes: the real daemon, database and service on deliveries of a simulated year."""
