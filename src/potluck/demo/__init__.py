"""`potluck demo`: a small cast and believable content, for trying Potluck out and for pictures of it.

Nothing here reaches the network: the remote servers are pretended, and acts are stored without being sent.
"""
