"""The whole journey on sample pages and made-up readers: no server, no internet, nothing of the operator's."""
