"""Settings of books, remembered for a few seconds: they hardly ever change."""

from collections import OrderedDict
from time import monotonic

from domain.book_settings import BOOK, DEFAULTS, SETTINGS
from domain.errors import NotFound
from domain.facts.settings import BookSettings
from store.books import Books

_LIFE_SECONDS = 3.0
_BOOKS_HELD = 10_000


class KnownSettings:
    """Settings for what is only shown. A change is noticed within three seconds.

    Decisions do not use this: they read the settings themselves.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[float, BookSettings]] = OrderedDict()

    async def of(self, books: Books, book_id: str) -> BookSettings:
        """The settings of a book, or the defaults while nobody has set any."""
        now = monotonic()
        held = self._held.get(book_id)
        if held is not None and held[0] > now:
            return held[1]
        try:
            settings = (await books.get(book_id, SETTINGS(BOOK))).state
        except NotFound:
            settings = DEFAULTS
        self._held[book_id] = (now + _LIFE_SECONDS, settings)
        self._held.move_to_end(book_id)
        if len(self._held) > _BOOKS_HELD:
            self._held.popitem(last=False)
        return settings
