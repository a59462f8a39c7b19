"""How strongly and how truly the network tells ARKit's actions: r and gain for each of them."""
