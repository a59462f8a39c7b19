"""The desktop app. `state` is plain Python without Qt, `widgets` show it, the windows only arrange them."""
