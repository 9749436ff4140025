"""What people decide about their own account."""
