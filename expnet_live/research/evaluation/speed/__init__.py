"""Times ExpNet and landmark-based methods on the same images."""
