"""The small web application readers meet: subscribe, confirm, leave, read."""
