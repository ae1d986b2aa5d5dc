"""A catalogue of real films, and an invented crowd that rates them: what the demonstration runs on."""
