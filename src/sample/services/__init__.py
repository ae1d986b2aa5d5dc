"""Writing sample data to the database; each service runs in one transaction."""
