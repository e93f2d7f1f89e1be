"""Differences between rows and AWS, and what they make necessary: pure functions of two snapshots."""
