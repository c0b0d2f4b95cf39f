"""Synthetic studies and films: everything the product is shown and tested with."""
