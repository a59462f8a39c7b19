"""Software rendering: pictures of the face model without any graphics driver."""
