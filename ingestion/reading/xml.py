"""What does an XML document hold? Without entities and outside references; the bytes count, not a wrong declaration."""

from xml.etree.ElementTree import Element, ParseError, XMLParser

import defusedxml.ElementTree as safe
from defusedxml import DefusedXmlException

from aiops.domain.errors import BadInput

__all__ = ["Element", "root", "said", "tag"]


def root(body: bytes) -> Element:
    """Return the root element; BadInput when it is no XML, or XML that would unfold into more than was sent."""
    try:
        text = body.decode("utf-8-sig")
        parser: XMLParser = safe.DefusedXMLParser(encoding="utf-8")
        parser.feed(text.strip().encode())
        return parser.close()
    except UnicodeDecodeError:
        return _declared(body)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise _bad(error) from error


def _declared(body: bytes) -> Element:
    try:
        found: Element = safe.fromstring(body)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise _bad(error) from error
    return found


def _bad(error: Exception) -> BadInput:
    return BadInput(f"not XML: {error}"[:200], place="body", fix="send well-formed XML without entities")


def tag(element: Element) -> str:
    """Return the element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def said(element: Element, *names: str) -> str:
    """Return the text of the first of the children ``names`` that has one."""
    for name in names:
        if found := (element.findtext(name) or "").strip():
            return found
    return ""
