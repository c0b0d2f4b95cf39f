"""What the addresses of our routes may hold."""

from typing import Annotated

from fastapi import Path, Query

FilmId = Annotated[str, Path(pattern=r"^[0-9]{8}-[0-9]{6}-[0-9]{6}-[0-9a-f]{8}$")]
JobId = FilmId
DiscId = FilmId
StudyUid = Annotated[str, Path(pattern=r"^[0-9.]{1,64}$")]
ArchiveName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
PaperName = Annotated[str, Path(pattern=r"^[a-z-]{1,32}$")]
Number = Annotated[int, Path(ge=1, le=100_000)]

Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[str, Query(max_length=200, description="From `next` of the page before.")]
Word = Annotated[str, Query(max_length=200)]
Side = Annotated[int, Query(ge=1, le=4096)]
