"""How often tests draw: a few examples of each property in every run, many with `make check-deep`.

A property that fails at all mostly fails within a few dozen examples, and every run draws others. The rare ones are
for the long run: it sets `TEST_DEPTH`, by which all counts are multiplied.
"""

import os

DEPTH = int(os.environ.get("TEST_DEPTH", "1"))
USUAL = 40
"""Examples of a property that does not say how many it needs."""


def drawn(count: int) -> int:
    """Return how many examples, or rounds, a test takes that takes ``count`` in every run."""
    return count * DEPTH
