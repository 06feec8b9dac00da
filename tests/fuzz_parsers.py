"""Search every parser for bytes that it answers with anything but papers or BadDocument."""

import contextlib
import importlib
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from digest.errors import BadDocument
from digest.sources.entry import Document

FEEDS = Path(__file__).parent / "feeds"
OF_LIBFUZZER = ["-timeout=20", "-rss_limit_mb=2048", "-max_len=8192", "-verbosity=0"]


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    try:
        atheris: Any = importlib.import_module("atheris")
    except ImportError:
        sys.exit("atheris is not installed; `make fuzz` installs it")
    with atheris.instrument_imports():
        parsers = loaded()
    warnings.simplefilter("ignore")  # feedparser's own, about dates
    with tempfile.TemporaryDirectory() as grown:
        where = [
            f"-max_total_time={seconds}",
            f"-artifact_prefix={tempfile.gettempdir()}/",
            grown,
            str(FEEDS),
        ]
        atheris.Setup([sys.argv[0], *OF_LIBFUZZER, *where], lambda body: read(parsers, body))
        atheris.Fuzz()


def loaded() -> list[Callable[[bytes], object]]:
    # Only what is imported under its eyes does atheris see the inside of.
    from digest.sources import arxiv, feed, huggingface, inflated, jsonl, oai, text  # noqa: PLC0415

    def cleaned(body: bytes) -> str:
        return text.clean(body.decode("utf-8", "replace"), text.ABSTRACT)

    documents = [arxiv.parse, feed.parse, huggingface.parse, jsonl.parse, oai.parse]
    return [*documents, jsonl.by_day, inflated, cleaned]


def read(parsers: list[Callable[[bytes], object]], body: bytes) -> None:
    for parse in parsers:
        with contextlib.suppress(BadDocument):
            found = parse(body)
            if isinstance(found, Document):
                assert all(entry.external_id and entry.title for entry in found.entries)
            if isinstance(found, str):
                assert "\n" not in found


if __name__ == "__main__":
    main()
