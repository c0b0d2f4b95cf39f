"""Labels and papers of a disc: a template (TOML) and what is known of a volume become a PDF.

What does not fit is never cut: it is left out as a whole, the label says where else it stands, and the caller gets it.
"""

from media.labels.order import LabelOrder
from media.labels.template import TEMPLATES, Template, template_of
from media.labels.text import Typesetter
from media.labels.words import LANGUAGES, words_of

__all__ = ["LANGUAGES", "TEMPLATES", "LabelOrder", "Template", "Typesetter", "template_of", "words_of"]
