"""What a person sees of a run on a terminal. No logic of the run itself."""
