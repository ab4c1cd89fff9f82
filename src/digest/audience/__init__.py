"""Who reads: addresses, consent, suppression."""
