"""PURE. The film: what a print request means, without network, files or clock."""
