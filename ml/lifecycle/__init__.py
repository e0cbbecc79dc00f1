"""From feature tables to registry and forecasts: runs, the champion, schema ``ml``."""
