"""New ids for what is copied."""

from store.ids import new_id


class Renaming:
    """A new id for each old one, the same whenever it is asked: a decision may be taken twice."""

    def __init__(self) -> None:
        self.invoice_id = new_id("inv")
        self._ids: dict[str, str] = {}

    def __call__(self, old: str) -> str:
        """The new id, of the same kind."""
        return self._ids.setdefault(old, new_id(old.partition("_")[0]))
