"""Every fact that may ever be stored, by its topic.

The registry is closed: a topic that is not listed here cannot be read or written, and nothing is
ever imported because stored data names it.
"""

from domain.aggregate import Fact
from domain.facts import customer, invoice, series, webhook_endpoint

FACTS: tuple[type[Fact], ...] = (
    invoice.InvoiceDrafted,
    invoice.InvoiceHeaderChanged,
    invoice.InvoiceLineAdded,
    invoice.InvoiceLineChanged,
    invoice.InvoiceLineRemoved,
    invoice.InvoicePosted,
    invoice.InvoiceVoided,
    invoice.InvoiceDraftDeleted,
    customer.CustomerCreated,
    customer.CustomerChanged,
    customer.CustomerArchived,
    customer.CustomerUnarchived,
    customer.CustomerCodeAssigned,
    series.NumberAssigned,
    webhook_endpoint.WebhookEndpointCreated,
    webhook_endpoint.WebhookEndpointChanged,
    webhook_endpoint.WebhookEndpointDisabled,
    webhook_endpoint.WebhookEndpointEnabled,
    webhook_endpoint.WebhookEndpointSecretRotated,
    webhook_endpoint.WebhookEndpointDeleted,
)

TOPICS: dict[str, type[Fact]] = {fact.TOPIC: fact for fact in FACTS}
assert len(TOPICS) == len(FACTS), "two facts share a topic"
