"""The processes of a running server: supervisor, web, engine."""
