"""How resources are listed, read, made, changed and removed: the seam, and the drivers behind it."""
