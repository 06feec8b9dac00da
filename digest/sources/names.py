"""What people call the sources."""

SOURCE_NAMES = {
    "huggingface": "Hugging Face",
    "arxiv": "arXiv",
    "sample": "Sample day",
    "curator": "Curator",
}


def source_name(source: str) -> str:
    """Return what people call the source of this name; a feed is called by its host."""
    return SOURCE_NAMES.get(source, source.removeprefix("feed:"))
