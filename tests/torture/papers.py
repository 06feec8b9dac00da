"""Invented papers, so many that a reader is never without news in a run."""

import json

PAPERS = 400
SUBJECTS = ("the tides of small networks", "long context windows", "the dust of galaxies")


def listed() -> bytes:
    """Return one day's list of Hugging Face, all of it new."""
    return json.dumps([_row(number) for number in range(1, PAPERS + 1)]).encode()


def _row(number: int) -> dict[str, object]:
    title = f"On {SUBJECTS[number % len(SUBJECTS)]}, part {number}"
    return {
        "title": title,
        "paper": {
            "id": f"2603.{number:05}",
            "title": title,
            "summary": f"We measure {SUBJECTS[number % len(SUBJECTS)]} in the {number}th way.",
            "upvotes": number,
            "authors": [{"name": f"Maud Ellery {number % 40}"}],
        },
    }
