"""Header scan: files become instances, or are named with the reason why not."""
