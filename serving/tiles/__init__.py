"""Vector tiles: what a map draws, as the warehouse keeps it."""
