"""Blogs on the site: writing, reading, a blog's own pages, and what those who look after one do."""
