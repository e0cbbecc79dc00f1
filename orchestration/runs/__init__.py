"""One run of the graph: its lock, its mark, its start in this process, its end. No asset."""
