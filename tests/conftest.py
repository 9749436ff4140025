"""Fixtures for every test; they live in `support`."""

pytest_plugins = ["support.fixtures"]
