"""The page of the benchmark and its pictures, from measured results. Nothing is measured here."""
