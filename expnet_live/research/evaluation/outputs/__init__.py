"""Measures the live outputs against receivers in another process: CPU time, delay, losses and memory."""
