"""From a chip's plan to its buildings: lots, settlement, footprints, clouds.

Files are written by ``synthetic.writing``.
"""
