"""The Mastodon client API as a 4.5 server answers it; `routes` names every area of endpoints."""
