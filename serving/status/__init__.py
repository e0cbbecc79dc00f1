"""The page of those who run the warehouse: what is loaded, how fresh, how good. No script."""
