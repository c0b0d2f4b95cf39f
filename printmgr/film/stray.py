"""PURE. Annotation where the standard has none: in the film session's label and in Configuration Information.

ANNOTATION1=text          any number; DCMTK's table of printers
aycan print I1=text       aycan
\"0\\LABEL\" in the format  Kodak: position 0 is the label (annotations.py makes a box of it)
"""

import re
from collections.abc import Iterable

from printmgr.film.model import FilmBox, FilmSession

# A term of Configuration Information (2010,0150) that is text to print: its name, a number, "=", the text.
TERM = re.compile(r"(?:ANNOTATION|LABEL|TEXT|(?:AYCAN PRINT )?I)[ _]?\d*\s*=\s*\"?([^\"\\]*)\"?", re.IGNORECASE)
MAX_TEXTS = 16


def annotation_terms(configuration_information: str) -> tuple[str, ...]:
    """The texts that Configuration Information asks to be printed.

    >>> annotation_terms(r"CS003\\ANNOTATION1=WARD 7\\annotation2=Dr. X")
    ('WARD 7', 'Dr. X')
    >>> annotation_terms(r"WINDOW_WIDTH=400\\WINDOW_CENTER=40")
    ()
    """
    terms = (TERM.fullmatch(term.strip()) for term in configuration_information.split("\\"))
    return tuple(text for text in (term.group(1).strip() for term in terms if term) if text)


def stray_texts(session: FilmSession, film: FilmBox) -> tuple[str, ...]:
    """All of them for one film, each once, the session's label first."""
    said: Iterable[str] = (
        session.film_session_label,
        *annotation_terms(film.configuration_information),
        *(text for box in film.image_boxes for text in annotation_terms(box.configuration_information)),
    )
    return tuple(dict.fromkeys(text for text in said if text))[:MAX_TEXTS]
