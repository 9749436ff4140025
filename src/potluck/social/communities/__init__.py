"""Communities: Groups made here or elsewhere, who looks after them, what is posted to them and in which order.

`making` sets one up, `roles` and `bans` say who may what, `posts` keeps each post's place, `ranking` and `listing`
order them, `moderating` is what moderators do, `joining` how others take part.
"""
