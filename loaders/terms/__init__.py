"""SpaceNet 7's terms: names of images and chips, tiles, polygons, hashes, reasons to reject.

No file is read here and no table is known.
"""
