"""The driver that makes the calls which a resource declares (`modules/spec.py`)."""
