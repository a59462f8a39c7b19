"""Face models of others: from their own files to a ShapeModel in our frame."""
