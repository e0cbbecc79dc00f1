"""Generated data beside the real figures, and a warehouse's lives beside the generated truth.

Nothing here makes data.
"""
