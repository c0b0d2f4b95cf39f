"""`[monitoring]` and `[log]`: for whoever watches the service."""

from typing import Literal

from pydantic import Field

from service.settings.values import Table


class MonitoringSettings(Table):
    """`[monitoring]`: the HTTP port with /metrics and /healthz."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)  # 0: none


class LogSettings(Table):
    """`[log]`: lines on standard error."""

    format: Literal["text", "json"] = "text"
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
