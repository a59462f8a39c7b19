"""The player for recorded sessions."""
