"""The window of recorded sessions."""
