"""What the site says: reading comparisons, storing them, keeping history."""
