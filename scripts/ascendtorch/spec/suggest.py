"""Near misses: what a person probably meant."""

from __future__ import annotations

import difflib


def did_you_mean(word: str, known: list[str]) -> str:
    """Return ``; did you mean ...?`` for a near miss, else what is known."""
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f"; known: {', '.join(sorted(known)) or 'none'}"
