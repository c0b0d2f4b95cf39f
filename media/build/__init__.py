"""A plan becomes an image: transcode, DICOMDIR, ISO, companions."""
