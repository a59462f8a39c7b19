"""Widgets: each shows one model and calls back with the user's actions."""
