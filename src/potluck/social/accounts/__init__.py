"""Logins: signing up and in, second factors, sessions, app passwords, OAuth, mail, leaving with one's data."""
