"""Measures how well the network predicts ARKit's actions: r and gain for each of them."""
