"""Blogs that move: what other programs export is read, shown, and taken over; what is here goes out in their forms."""
