"""The desktop app. State lives in `models` without Qt, `views` show it, `window` only arranges them."""
