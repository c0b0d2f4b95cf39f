"""What could not be drawn as it came: said in the film's JSON, for people."""

from collections.abc import Iterator, Sequence

from printmgr.film.annotations import PlacedText
from printmgr.film.layout import FilmLayout
from printmgr.ports import Print
from printmgr.render.color import profile_of
from printmgr.render.typesetting import set_text


def notes_of(print_: Print, layouts: Sequence[FilmLayout]) -> list[str]:
    """One sentence each; the texts themselves are not repeated."""
    notes = []
    for number, (film, layout) in enumerate(zip(print_.order.films, layouts, strict=True), start=1):
        of_film = [profile_of(film, print_.folder).fault, *(note for text in layout.texts for note in of_text(text))]
        notes += [f"film {number}: {note}" for note in of_film if note]
    return notes


def of_text(text: PlacedText) -> Iterator[str]:
    where = f"annotation {text.position}" if text.position else "footer"
    lines = set_text(text.text, text.box, text.align)
    if any(line.stands_for for line in lines):
        yield f"{where} is too long and ends in an ellipsis; the PDF's text has all of it"
    missing = dict.fromkeys("".join(line.line.missing for line in lines))
    if missing:
        names = ", ".join(f"U+{ord(character):04X}" for character in missing)
        yield f"{where} has characters that no font has, drawn as boxes: {names}"
