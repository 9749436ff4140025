"""The Lemmy API, version 3, as a 0.19 server speaks it. Every endpoint is reached from `routes`."""
