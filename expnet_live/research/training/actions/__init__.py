"""ARKit's 52 actions: labels from a teacher and from rendered heads, and fine-tuning of a network to predict them."""
