"""Administration: people, servers, reports, queues, emoji, settings; for moderators and administrators."""
