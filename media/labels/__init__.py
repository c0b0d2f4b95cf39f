"""Labels and papers of a disc: a template (TOML) and what is known of a volume become a PDF.

What does not fit is never cut: it is left out as a whole, the label says where else it stands, and the caller gets it.
"""

from media.labels.draw import drawn
from media.labels.facts import Facts, facts_of
from media.labels.template import TEMPLATES, Template, template_of
from media.labels.text import Typesetter

__all__ = ["TEMPLATES", "Facts", "Template", "Typesetter", "drawn", "facts_of", "template_of"]
