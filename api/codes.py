"""Code tables over HTTP."""

from typing import Annotated

from litestar import Controller, Response, delete, get, patch, post
from litestar.params import JSONBody, PathParameter

from api.code_schemas import (
    CodeIn,
    CodeListed,
    CodeOut,
    CodePage,
    CodePatch,
    CodeTableOut,
    CodeTables,
)
from api.commands import Ask, on
from api.editing import AUDIT, CREATE, READ, TRANSITION, By, Editing, shown
from api.history import After, EventPage, Limit, Order, history
from api.list_contract import list_operation
from api.list_routes import listed, members_of
from api.row_version import AsOf
from api.wire import CodeInPath
from domain import code_entry as decisions
from domain.aggregate import Change, Read
from domain.code_entry import CODE_ENTRY, TABLES, entry_of
from domain.errors import NotFound
from projections.code_list import LISTING
from projections.filters import Condition

TableInPath = Annotated[
    str,
    PathParameter(
        pattern=r"^[a-z0-9-]{1,40}(?![\s\S])",
        max_length=40,
        description="Name of a code table, such as misc: `GET /api/codes` lists them.",
    ),
]


_EXAMPLE = {"code": "DELIVERY", "description": "Delivery", "amount": "49.00"}


class CodeController(Controller):
    """Tables of codes that documents name: salespeople, branches, misc charges and so on."""

    path = "/api/codes"
    tags = ["Codes"]  # noqa: RUF012 - Litestar reads it from the class

    @get("/", operation_id="listCodeTables", summary="List the tables", opt=READ)
    async def list_tables(self, caller: By) -> CodeTables:  # noqa: ARG002 - it needs a key all the same
        """The code tables that every book has."""
        tables = TABLES.items()
        return CodeTables(items=[CodeTableOut(table=it, description=text) for it, text in tables])

    @post(
        "/{table:str}",
        operation_id="createCode",
        summary="Add an entry",
        opt={**CREATE, "example": _EXAMPLE},
    )
    async def create_code(
        self, making: Editing, table: TableInPath, data: JSONBody[CodeIn]
    ) -> Response[CodeOut]:
        """Add an entry to a table. The code of a removed entry may be used again."""

        def decide(read: Read) -> list[Change]:
            return decisions.create(read, table, data.code, data.created())

        id_ = entry_of(table, data.code).id
        return await making.create(CODE_ENTRY, id_, decide, CodeOut.of, "/api/codes")

    @get(
        "/{table:str}",
        operation_id="listCodes",
        summary="List the entries of a table",
        opt=READ,
        operation_class=list_operation(LISTING, members_of(CodeListed)),
    )
    async def list_codes(self, request: Ask, caller: By, table: TableInPath) -> Response[CodePage]:
        """The entries of a table, by code unless ``sort`` says otherwise."""
        if table not in TABLES:
            raise NotFound("code table", table)
        where = (Condition(LISTING.fields["table"], "eq", (table,)),)
        return await listed(request, caller, LISTING, CodeListed, where=where)

    @get("/{table:str}/{code:str}", operation_id="getCode", summary="Get an entry", opt=READ)
    async def get_code(
        self, caller: By, table: TableInPath, code: CodeInPath, as_of: AsOf = None
    ) -> Response[CodeOut]:
        """The entry as it is now, or as it was at a RowVersion or an instant."""
        return await shown(caller, entry_of(table, code), as_of, CodeOut.of)

    @patch(
        "/{table:str}/{code:str}",
        operation_id="changeCode",
        summary="Change fields",
        opt=TRANSITION,
    )
    async def change_code(
        self, edit: Editing, table: TableInPath, code: CodeInPath, data: JSONBody[CodePatch]
    ) -> Response[CodeOut]:
        """Change fields (RFC 7396). Documents keep what they copied."""
        entry = entry_of(table, code)
        decide = on(entry, lambda it: decisions.change(it, *data.changes()))
        return await edit.change(entry, decide, CodeOut.of, seen=data.row_version)

    @delete(
        "/{table:str}/{code:str}",
        operation_id="deleteCode",
        summary="Remove an entry",
        opt=TRANSITION,
        status_code=204,
    )
    async def delete_code(self, edit: Editing, table: TableInPath, code: CodeInPath) -> None:
        """Take the entry off its table. Documents keep what they copied; its history stays."""
        entry = entry_of(table, code)
        await edit.end(entry, on(entry, decisions.remove), CodeOut.of)

    @get(
        "/{table:str}/{code:str}/events",
        operation_id="listCodeEvents",
        summary="History",
        opt=AUDIT,
    )
    async def list_code_events(
        self,
        caller: By,
        table: TableInPath,
        code: CodeInPath,
        after: After = 0,
        limit: Limit = 50,
        order: Order = "asc",
    ) -> EventPage:
        """Every event of the entry, in order, also after it was removed."""
        return await history(caller, entry_of(table, code), after, limit, order)
