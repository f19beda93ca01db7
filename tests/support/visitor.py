"""A visitor who speaks the websocket of a Streamlit server, and so may send what no browser would."""

from __future__ import annotations

from app.visits.page import Page, Sent

__all__ = ["Sent", "Visitor"]


class Visitor(Page):
    """One open page, closed at the end of a `with`."""

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, query: str, *sent: Sent, fragment: str = "") -> Visitor:
        """Run the page, and give it back."""
        super().run(query, *sent, fragment=fragment)
        return self

    def exceptions(self) -> list[str]:
        """Tracebacks that the last run showed."""
        return [text for kind, text in self.texts if kind == "exception"]
