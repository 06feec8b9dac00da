"""Lists of readers, as files: read into the database, and written from it."""

from digest.lists.checking import Consented, consented
from digest.lists.documents import Document, Format, opened
from digest.lists.exporting import export_readers
from digest.lists.importing import Reject, import_readers
from digest.lists.records import Record
from digest.lists.storing import Tally

__all__ = [
    "Consented",
    "Document",
    "Format",
    "Record",
    "Reject",
    "Tally",
    "consented",
    "export_readers",
    "import_readers",
    "opened",
]
