"""Software rendering: pictures of the face model without a graphics driver."""
