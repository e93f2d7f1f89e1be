"""Finds what is wrong with declarations, against botocore's service models and without AWS."""
