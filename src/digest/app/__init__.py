"""The composition root and the few flows that cross stages."""
