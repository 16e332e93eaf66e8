"""The rules of language that are shipped, for tests of the matcher."""

from app.faq.language import read_language
from app.settings import ROOT

LANGUAGE = read_language(ROOT / "faq" / "language", [])
