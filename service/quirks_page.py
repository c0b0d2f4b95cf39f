"""docs/quirks.md, made from the table that the code itself runs by."""

from printmgr.film.quirks import QUIRKS

INTRODUCTION = """# Quirks of partners

Made by `printmgr conformance --quirks` from the table the code runs by; a test compares.

A quirk is a departure from what the printer does by itself, for one partner:

```toml
[[partners]]
ae_title = "CT1"
address = "192.0.2.17"
quirks = ["printer-create", "done-when-ordered"]
```

| quirk | what is done | for |
| --- | --- | --- |
"""

ALWAYS = """
These need no quirk, for they are taken from everybody: a Presentation LUT, Illumination and Reflected Ambient Light in
the film session; Film Session, Film Box and Image Box negotiated one by one; colour in gray boxes and gray in colour
boxes; values in lower case, with blanks, of no length; attributes outside the IOD; any order of images; annotation in
the label and in Configuration Information (with the printer's `footer = true`). CONFORMANCE.md has the rest.
"""


def quirks_page() -> str:
    """The whole page."""
    rows = [f"| `{quirk}` | {done} | {whom} |\n" for quirk, (done, whom) in QUIRKS.items()]
    return INTRODUCTION + "".join(rows) + ALWAYS
