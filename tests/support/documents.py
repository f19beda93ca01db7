"""Generated documents beside what generates them."""

from __future__ import annotations


def untrue(document: str, generated: str) -> list[str]:
    """Lines of a document that the registry does not give, or gives in another order.

    A document that lacks what was added to the registry is true all the same; whether it is whole is another
    test, which the default run leaves out, so that a new entry is tested before its document is generated.
    """
    left = iter(generated.splitlines())
    return [line for line in document.splitlines() if line not in left]
