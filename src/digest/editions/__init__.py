"""Which of it, this week: planning, selecting, telling, freezing."""
