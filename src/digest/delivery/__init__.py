"""Who gets it, once, and how it went: the ledger and the SMTP engine."""
