"""Text that an opener gathers line by line, within the octets it may yield."""


class SpentError(Exception):
    """There was more text than the budget allows."""


class Said:
    """Lines so far; one budget serves all texts of a document, one after the other."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        """Add a text as lines of its own. Raises SpentError."""
        if not text:
            return
        self.room -= 1 + (len(text) if text.isascii() else len(text.encode("utf-8", "replace")))
        if self.room < 0:
            raise SpentError
        self.lines.append(text)

    def take(self) -> list[str]:
        """The lines so far, and none from now on; the budget stays spent."""
        lines, self.lines = self.lines, []
        return lines
