"""The site for people: pages rendered on the server, usable without scripts."""
