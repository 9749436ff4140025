"""Micropub: the W3C Recommendation and the extensions its clients use. People sign its apps in by IndieAuth."""
