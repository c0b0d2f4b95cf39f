"""The node's numbers as Prometheus metrics (service.node.metering.Meter); imported where they are counted alone.

`prometheus_client` decides at its import whether processes share their numbers: the supervisor sets
PROMETHEUS_MULTIPROC_DIR for its children, and `service.metrics` adds up what they leave there.
"""

from prometheus_client import Counter, Gauge, Histogram

LATENCIES_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

RUNNING = Gauge("printmgr_associations", "Associations running.", ["partner"], multiprocess_mode="livesum")
ACCEPTED = Counter("printmgr_associations_accepted", "Associations accepted.", ["partner"])
ENDED = Counter("printmgr_associations_ended", "Associations that ended, by how.", ["partner", "how"])
REFUSALS = Counter("printmgr_refusals", "Connections, associations and messages refused.", ["reason"])
MESSAGES = Histogram("printmgr_message_seconds", "Requests served, by service.", ["service"], buckets=LATENCIES_S)
BYTES = Counter("printmgr_received_bytes", "Bytes of data sets received, by service.", ["service"])


class NodeMeter:
    """Counts for one node process."""

    def began(self, partner: str) -> None:
        RUNNING.labels(partner).inc()
        ACCEPTED.labels(partner).inc()

    def ended(self, partner: str, how: str) -> None:
        RUNNING.labels(partner).dec()
        ENDED.labels(partner, how).inc()

    def message(self, service: str, size: int, seconds: float) -> None:
        MESSAGES.labels(service).observe(seconds)
        if size:
            BYTES.labels(service).inc(size)

    def refused(self, reason: str) -> None:
        REFUSALS.labels(reason).inc()
