"""Map layers as files: GeoPackage, GeoJSON, GeoParquet."""
