"""The app's state, in plain classes that do not know Qt."""
