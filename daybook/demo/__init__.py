"""A demonstration book: an appliance dealer's half year, written through the public API."""
