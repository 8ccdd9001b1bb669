"""Flat sales files: read, checked, and turned into customers and posted invoices."""
