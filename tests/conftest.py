"""Fixtures for every test; they live in `support`."""

pytest_plugins = ["support.fixtures", "support.databases", "support.cast"]
