"""The scheduler: a ticker that decides nothing. What is due follows from the database's own rows."""
