"""Real client programs, as people use them, against a real server."""
