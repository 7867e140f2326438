"""Measures, each beside a baseline of the same run: the machine is shared and noisy, so only ratios say anything."""
