"""What tests of every room lean on: PostgreSQL, a browser, real clients. Imported as `support`."""
