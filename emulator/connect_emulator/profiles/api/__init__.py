"""A handler per operation; what they do is in the modules above."""
