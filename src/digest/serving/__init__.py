"""What the readers' web application and the editors' desk have in common: a server and a gate before it."""
