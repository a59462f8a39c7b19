"""Imports other face models from their files to a ShapeModel in our frame."""
