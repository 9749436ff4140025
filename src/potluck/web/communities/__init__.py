"""Communities on the site: what is listed, one community, its posts, and what its moderators do."""
