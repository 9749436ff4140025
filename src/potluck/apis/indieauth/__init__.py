"""IndieAuth: signing in with the address of one's profile or blog, for Micropub and whatever else asks who one is."""
