"""The site as people meet it: Chromium, with scripts and without."""
