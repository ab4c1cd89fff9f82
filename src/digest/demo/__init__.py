"""The whole journey on sample pages and made-up readers: no server, no internet, none of your settings."""
