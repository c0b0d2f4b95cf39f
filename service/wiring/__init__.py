"""Who gets what: the one place that knows every component, one module a role or a kind of job."""

SOFTWARE_VERSION = "0.1.0"
