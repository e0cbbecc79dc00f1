"""One run at a time, and no program that outlives the one that started it."""
