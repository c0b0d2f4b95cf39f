"""The running product: configuration, node, jobs, database, command line."""
