"""ARKit's 52 actions: labels by a teacher and from rendered heads, and fine-tuning a network to tell them."""
