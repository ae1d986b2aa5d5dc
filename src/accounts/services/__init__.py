"""Writing users; each service runs in one transaction."""
