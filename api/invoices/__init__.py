"""Invoices over HTTP: one controller for each part of what can be done."""

from api.invoices.bulk import InvoiceBulkController
from api.invoices.files import InvoiceFileController
from api.invoices.header import InvoiceController
from api.invoices.life import InvoiceLifeController
from api.invoices.lines import InvoiceLineController
from api.invoices.parts import InvoicePartController
from api.invoices.posting import InvoicePostingController

INVOICE_ROUTES = (
    InvoiceController,
    InvoiceLineController,
    InvoicePartController,
    InvoiceFileController,
    InvoicePostingController,
    InvoiceLifeController,
    InvoiceBulkController,
)

__all__ = ["INVOICE_ROUTES"]
