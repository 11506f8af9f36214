"""What does a replay's report look like, as one file that needs no server?"""

from markupsafe import Markup

from aiops.replay.whatif import WhatIf
from api.ui.render import HERE, piece


def report(found: WhatIf) -> str:
    """Return a page that holds all it needs, its style too."""
    css = (HERE / "static" / "style.css").read_text("utf-8")
    return piece("whatif.html", found=found, css=Markup(css.replace("</", "<\\/")))
