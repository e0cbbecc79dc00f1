"""Figures as people read them."""


def seconds_of(seconds: float) -> str:
    """Write a duration with as many digits as it is worth."""
    return f"{seconds:.0f} s" if seconds >= 100 else f"{seconds:.1f} s"


def bytes_of(size: float) -> str:
    """Write a size in MB or GB (powers of ten)."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def figure_of(value: float, unit: str) -> str:
    """Write the figure of a target in its unit."""
    return seconds_of(value) if unit == "s" else f"{value:.2f} {unit}"
