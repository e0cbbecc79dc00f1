"""What the map costs in a browser: first view, steps of the slider, a chip's tile; never a test."""
