"""Settings of the book over HTTP."""

from litestar import Controller, Response, get, patch
from litestar.params import JSONBody

from api.editing import ADMINISTER, AUDIT, READ, By, Editing, shown
from api.history import After, EventPage, Limit, Order, history
from api.row_version import AsOf
from api.setting_schemas import SettingsOut, SettingsPatch
from domain.aggregate import Change, Read
from domain.book_settings import BOOK, DEFAULTS, SETTINGS, change, settings_of

_SETTINGS = SETTINGS(BOOK)


_EXAMPLE = {
    "baseCurrency": "EUR",
    "timeZone": "Europe/Berlin",
    "sellerName": "Glow Stoves GmbH",
    "sellerCity": "Köln",
    "sellerCountry": "DE",
    "sellerVatId": "DE136695976",
    "series": [{"type": "Service", "format": "SRV-{year}-{number:06}"}],
    "rowVersion": 0,
}


class SettingsController(Controller):
    """How the company keeps its books: who sells, in which currencies, by which rules."""

    path = "/api/settings"
    tags = ["Settings"]  # noqa: RUF012 - Litestar reads it from the class

    @get("/", operation_id="getSettings", summary="Get the settings", opt=READ)
    async def get_settings(self, caller: By, as_of: AsOf = None) -> Response[SettingsOut]:
        """The settings as they are now, or as they were at a RowVersion or an instant."""
        return await shown(caller, _SETTINGS, as_of, SettingsOut.of, absent=DEFAULTS)

    @patch(
        "/",
        operation_id="changeSettings",
        summary="Change settings",
        opt={**ADMINISTER, "example": _EXAMPLE},
    )
    async def change_settings(
        self, edit: Editing, data: JSONBody[SettingsPatch]
    ) -> Response[SettingsOut]:
        """Change settings (RFC 7396). They count for what is decided from now on."""

        def decide(read: Read) -> list[Change]:
            return [(_SETTINGS, change(settings_of(read), *data.changes()))]

        return await edit.change(
            _SETTINGS, decide, SettingsOut.of, seen=data.row_version, absent=DEFAULTS
        )

    @get("/events", operation_id="listSettingsEvents", summary="History", opt=AUDIT)
    async def list_settings_events(
        self, caller: By, after: After = 0, limit: Limit = 50, order: Order = "asc"
    ) -> EventPage:
        """Every change of the settings, in order: who did what when."""
        return await history(caller, _SETTINGS, after, limit, order, always=True)
