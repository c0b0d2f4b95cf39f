"""Coverage-guided fuzzing of the readers: `python -m tests.attacks.guided "print, explicit" -max_total_time=60`.

atheris is not among the dependencies: `pip install atheris` first. A finding ends it with the bytes in a file; what
follows the reader's name are libFuzzer's options.
"""

import sys
import tempfile
from pathlib import Path


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=["printmgr", "media", "service"]):
        from tests.attacks.readers import READERS, run
    name, options = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if name not in READERS:
        sys.exit(f"expected one of {', '.join(READERS)}")
    reader = READERS[name]
    folder = Path(tempfile.mkdtemp(prefix="seeds-"))
    for number, seed in enumerate(reader.seeds):
        (folder / str(number)).write_bytes(seed)
    atheris.Setup([sys.argv[0], str(folder), "-timeout=2", *options], lambda data: run(reader, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
