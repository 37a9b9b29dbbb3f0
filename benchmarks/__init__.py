"""Benchmarks: ours and its rivals in turn, on the same input, as ratios. Run with `make bench`."""
