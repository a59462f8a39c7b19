"""Measures how reliably faces are tracked, dropped and found again in videos."""
