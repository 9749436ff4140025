"""Media: what walls, storage and processing cost against the bare tools, in the same run."""
