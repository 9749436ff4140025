"""Files: where they are kept, how they come in, what is made of them, how they are shown."""
