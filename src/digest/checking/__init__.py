"""Looks at one finished mail and names every fault that an editor should know of before it goes out."""
