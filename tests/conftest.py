"""Fixtures for every test; they live in `support`."""

pytest_plugins = ["support.databases", "support.fixtures", "support.cast", "support.scheduling"]
