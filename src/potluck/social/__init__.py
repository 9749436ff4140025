"""The shared model and its rules. Knows no wire format and no API."""
