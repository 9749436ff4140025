"""Blogs: actors of their own that people write in, under a name that need not be theirs.

`making` sets one up and changes it, `authors` says who may write, `places` keeps each article's address and place,
`listing` orders them, `comments` looks after what is said below, `subscribing` sends articles by mail.
"""
