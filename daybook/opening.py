"""Open a book with what it needs before anything can be posted in it: who sells."""

import msgspec

from domain.aggregate import Change, Read
from domain.book_settings import BOOK, DEFAULTS, SETTINGS, change, settings_of
from domain.facts.settings import BookSettings
from store.books import Book, Books, Mode, create_book, open_books
from store.command import Command
from store.database import Pool
from store.recorded import Metadata


async def open_book(pool: Pool, *, name: str, mode: Mode, settings: BookSettings) -> Book:
    """Open a book with these settings.

    Raises:
        RuleBroken: A setting makes no sense; all such settings are named. No book was opened.
    """
    change(DEFAULTS, settings, settings.__struct_fields__)
    book = await create_book(pool, name=name, mode=mode)
    async with open_books(pool) as books:
        await set_up(books, book.book_id, settings)
    return book


async def set_up(books: Books, book_id: str, settings: BookSettings) -> None:
    """Change those settings of a book that are not the defaults here.

    Raises:
        RuleBroken: A setting makes no sense; all such settings are named.
    """
    defaults = msgspec.structs.asdict(DEFAULTS)
    names = [it for it, value in defaults.items() if getattr(settings, it) != value]

    def decide(read: Read) -> list[Change]:
        return [(SETTINGS(BOOK), change(settings_of(read), settings, names))]

    metadata = Metadata(actor="command line")
    command = Command(aggregate=SETTINGS, id=BOOK, decide=decide, metadata=metadata)
    if names:
        await books.execute(book_id, command)
