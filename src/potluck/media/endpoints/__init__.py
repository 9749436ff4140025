"""What is answered about files over HTTP, before the web framework: `/media`, `/proxy`, `/uploads`."""
