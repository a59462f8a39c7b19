"""Trains the face finder."""
