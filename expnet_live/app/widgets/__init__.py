"""Widgets: each shows one model and calls back what a person wants."""
