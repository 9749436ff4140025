"""Text in all its forms: hostile HTML made safe, typed text made into HTML, names, tags, languages and emoji.

Nothing here knows of databases, the network or any other part of Potluck; every function is pure.
"""
