"""What is measured: quantities with one canonical unit each, quality, points, and batches of readings as columns."""
