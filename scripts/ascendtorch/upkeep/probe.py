"""The search of a bisection: which prefix of a series to try next, and what follows from it.

Prefix n means that the first n patches are applied. A try compiles what differs from the tree as
it stands, so that among prefixes near the middle the one with the fewest files to change comes
first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

#: A prefix is near the middle within this part of what is left.
_NEAR = 8


@dataclass(frozen=True)
class Search:
    """What is known so far.

    Attributes:
        files: files that each patch changes, in order of the series.
        good: the longest prefix that works; 0 is first believed, and tried only when it matters.
        bad: the shortest prefix that fails; None before the whole series was tried.
        current: the prefix the tree has now.
        skipped: prefixes that cannot be tried.
        proven: whether `good` was tried.
    """

    files: tuple[frozenset[str], ...]
    current: int
    good: int = 0
    bad: int | None = None
    skipped: frozenset[int] = field(default_factory=frozenset)
    proven: bool = False

    def next(self) -> int | None:
        """Return the prefix to try next; None when no try can say more."""
        whole = len(self.files)
        if self.bad is None:
            known = whole in self.skipped or (self.proven and self.good == whole)
            return None if known else whole
        if self.bad == 0:
            return None
        left = [n for n in range(self.good + 1, self.bad) if n not in self.skipped]
        if left:
            return self._cheapest(left, self.bad)
        if not self.proven and self.good not in self.skipped:
            return self.good
        return None

    def _cheapest(self, left: Sequence[int], bad: int) -> int:
        middle = (self.good + bad) // 2
        reach = (bad - self.good) // _NEAR
        near = [n for n in left if abs(n - middle) <= reach]
        near = near or [min(left, key=lambda n: abs(n - middle))]
        return min(near, key=lambda n: (self.cost(n), abs(n - middle)))

    def cost(self, prefix: int) -> int:
        """Return how many files change between the tree as it is and a prefix."""
        first, last = sorted((self.current, prefix))
        return len(frozenset().union(*self.files[first:last]))

    def tried(self, prefix: int, result: str) -> Search:
        """Return what is known after a try: ``good``, ``bad`` or ``skip``."""
        now = replace(self, current=prefix)
        if result == "good":
            return replace(now, good=prefix, proven=True)
        if result == "bad":
            return replace(now, bad=prefix)
        return replace(now, skipped=self.skipped | {prefix})

    @property
    def state(self) -> str:
        """What came of it.

        ``found`` (one patch), ``works`` (the whole series does), ``broken`` (without any patch
        too) or ``unclear`` (what was skipped hides it).
        """
        if self.bad is None:
            return "works" if self.good == len(self.files) and self.proven else "unclear"
        if self.bad == 0:
            return "broken"
        return "found" if self.proven and self.bad - self.good == 1 else "unclear"

    def suspects(self) -> Collection[int]:
        """Return the numbers, from 1, of patches that may be the one."""
        last = len(self.files) if self.bad is None else self.bad
        return range(self.good + 1, last + 1) if self.state in ("found", "unclear") else ()
