"""What a text of SQL calls. Pure."""
