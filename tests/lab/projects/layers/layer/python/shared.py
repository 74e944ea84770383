"""What the functions share."""

SIZES = (64, 128)
