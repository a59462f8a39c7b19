"""The app's state, in plain classes that know nothing of Qt."""
