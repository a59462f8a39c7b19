"""The player of recorded sessions."""
