"""The service: what it is asked, what it answers, how it looks features up.

Shipped whole in the bento; how that is built belongs to ``serving.bento``.
"""
