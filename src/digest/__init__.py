"""A newsletter digest: what is new, laid out once, sent once."""

__version__ = "0.1.0"
