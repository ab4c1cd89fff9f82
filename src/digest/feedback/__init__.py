"""What the world says afterwards; the one stage that changes an address's standing after a send."""
