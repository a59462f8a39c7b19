"""Reports: an HTML page of figures on recorded faces, each beside its definition, and the figures as tables."""
