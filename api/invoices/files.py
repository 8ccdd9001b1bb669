"""Files at invoices: bytes in, bytes out. Events keep their names and hashes only."""

import asyncio
import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

from litestar import Controller, Response, delete, get, post
from litestar.params import QueryParameter

from api.commands import Ask
from api.editing import READ, By, Editing
from api.invoice_replies import InvoiceOut
from api.invoices.refusals import refusable
from api.invoices.showing import PLACE, added, changed
from api.problems import Problem
from api.wire import IdInPath
from domain import invoice as decisions
from domain.aggregate import Fact, Read
from domain.errors import NotFound, Refusal
from domain.facts.invoice_parts import Attachment
from domain.invoice import INVOICE, Invoice
from store import attachments
from store.attachments import Upload
from store.ids import new_id

_END = r"(?![\s\S])"
_HIDDEN = r"\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._ -]")

FileName = Annotated[
    str,
    QueryParameter(
        name="fileName",
        min_length=1,
        max_length=200,
        pattern=rf"^[^/\\{_HIDDEN}]+{_END}",
        description="Name of the file, without any folder.",
    ),
]
Description = Annotated[
    str | None,
    QueryParameter(
        name="description",
        max_length=200,
        pattern=rf"^[^{_HIDDEN}]*{_END}",
        description="What is in it.",
    ),
]
Embed = Annotated[
    bool, QueryParameter(name="embed", description="Whether it becomes part of the e-invoice.")
]


class InvoiceFileController(Controller):
    """Attachments. The same bytes are stored once in a book, however often they are attached."""

    path = PLACE
    tags = ["Invoices"]  # noqa: RUF012 - Litestar reads it from the class

    @post(
        "/{invoice_id:str}/attachments",
        operation_id="attachFile",
        summary="Attach a file",
        opt={**refusable("attach"), "uploads": True},
        status_code=201,
    )
    async def attach_file(
        self,
        request: Ask,
        edit: Editing,
        invoice_id: IdInPath,
        file_name: FileName,
        description: Description = None,
        embed: Embed = False,  # noqa: FBT002 - Litestar passes it by name
    ) -> Response[InvoiceOut]:
        """Attach the bytes of the body, of the type that ``Content-Type`` says, under this name."""
        edit.seen()
        media_type = _media_type(request)
        content = await request.body()
        digest = await asyncio.to_thread(hashlib.sha256, content)
        attachment = Attachment(
            id=new_id("att"),
            file_name=file_name,
            media_type=media_type,
            size=len(content),
            sha256=digest.hexdigest(),
            description=description,
            embed=embed,
        )

        def decide(_read: Read, invoice: Invoice) -> Sequence[Fact]:
            return decisions.attach(invoice, attachment)

        if edit.dry_run:
            return await added(edit, invoice_id, decide)
        pool = edit.caller.doors.pool
        upload = Upload(edit.caller.book_id, digest.digest(), invoice_id, attachment.id)
        # Before the command: what is attached can be read at once.
        await attachments.keep(pool, upload, content)
        try:
            return await added(edit, invoice_id, decide)
        except (Problem, Refusal):
            # Only of these it is certain that nothing was attached; the rest is for the sweep.
            await attachments.drop(pool, upload)
            raise

    @get(
        "/{invoice_id:str}/attachments/{attachment_id:str}",
        operation_id="getAttachment",
        summary="Get a file",
        opt=READ,
        media_type="application/octet-stream",
    )
    async def get_attachment(
        self, caller: By, invoice_id: IdInPath, attachment_id: IdInPath
    ) -> Response[bytes]:
        """The bytes, as they were attached: to be saved, and never shown in place by a browser."""
        invoice = (await caller.books.get(caller.book_id, INVOICE(invoice_id))).state
        found = next((it for it in invoice.attachments if it.id == attachment_id), None)
        digest = bytes.fromhex(found.sha256) if found else b""
        content = await attachments.find(caller.doors.pool, caller.book_id, digest)
        if found is None or content is None:
            raise NotFound("attachment", attachment_id)
        headers = {
            "ETag": f'"{found.sha256}"',
            "Repr-Digest": f"sha-256=:{b64encode(digest).decode()}:",
            "Content-Disposition": disposition(found.file_name),
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return Response(content, headers=headers, media_type=found.media_type)

    @delete(
        "/{invoice_id:str}/attachments/{attachment_id:str}",
        operation_id="detachFile",
        summary="Take a file off",
        opt=refusable("detach"),
        status_code=200,
    )
    async def detach_file(
        self, edit: Editing, invoice_id: IdInPath, attachment_id: IdInPath
    ) -> Response[InvoiceOut]:
        """Take a file off the invoice. That it was there stays in the history."""
        return await changed(
            edit, invoice_id, lambda _read, it: decisions.detach(it, attachment_id)
        )


def disposition(file_name: str) -> str:
    """A Content-Disposition (RFC 6266) that saves under this name, whatever stands in it."""
    plain = _UNSAFE.sub("_", file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def _media_type(request: Ask) -> str:
    """The declared media type without parameters.

    Raises:
        Problem: 415, it is none, or the body is encoded.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        detail = "Send the file without a content encoding."
        raise Problem("unsupported-media-type", detail, headers={"accept-encoding": "identity"})
    given = request.headers.get("content-type", "application/octet-stream")
    essence = given.partition(";")[0].strip().lower()
    if not _MEDIA_TYPE.fullmatch(essence):
        detail = "Content-Type must say the media type of the file, such as application/pdf."
        raise Problem("unsupported-media-type", detail)
    return essence
