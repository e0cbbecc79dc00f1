"""A source, part by part, whatever its form: CSV, archive, GeoJSON, mask.

What becomes of the parts belongs to ``loaders.assembly``; the tables to ``loaders.raw``.
"""
