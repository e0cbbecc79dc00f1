"""Questions to the warehouse as SQL files, and the program that asks them all."""
