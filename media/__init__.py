"""Interchange media: studies in, verified disc images out."""
