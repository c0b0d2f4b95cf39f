"""`[[sinks]]`: where finished films go. `kind` says which sink; the sink's own fields are its settings."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from printmgr.sinks import AnySink, SinkSettings


def with_kind(value: Any) -> Any:
    """A table without `kind` is a folder."""
    return {"kind": "folder"} | value if isinstance(value, dict) else value


def with_name(sink: SinkSettings) -> SinkSettings:
    """Raises ValueError for a sink without a name."""
    if not sink.name:
        raise ValueError("has no name; expected one, for the printers' `sinks`")
    return sink


Sink = Annotated[AnySink, Field(discriminator="kind"), BeforeValidator(with_kind), AfterValidator(with_name)]
