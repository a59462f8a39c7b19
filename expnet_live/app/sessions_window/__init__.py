"""The sessions window."""
