"""What an engineer asks: each study takes a case, calculates, and returns a ``StudyResult``."""
