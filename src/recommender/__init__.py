"""Pure recommender algorithms: arrays in, arrays out. No web framework, no queue, no database."""
