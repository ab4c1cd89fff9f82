"""What it looks like: stories and notices into subject, HTML and text."""
