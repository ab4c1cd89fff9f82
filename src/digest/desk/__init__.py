"""The editors' desk behind `digest preview`: the coming edition in a browser, and everything done to it."""
