"""What ``daybook up`` prints: where things are, and five commands that work when pasted."""

from pathlib import Path

_DRAFT = (
    '{"customerId":"1","currency":"EUR","lines":[{"description":"Wood stove","quantity":"1",'
    '"unitPrice":"1299.00","taxRate":"19"}]}'
)
_KEEP_ID = "tee /dev/stderr | grep -o 'inv_[0-9A-Z]*' | head -n 1"


def commands(address: str, key: str) -> list[tuple[str, str]]:
    """Five steps: what each shows, and the shell command. The first one sets ``$INVOICE``."""
    invoices = f"{address}/api/invoices"
    head = f"curl -s -H 'Authorization: Bearer {key}'"
    send = f"{head} -H 'Content-Type: application/json'"

    def change(path: str, version: int, body: str) -> str:
        return f"{send} -H 'If-Match: \"{version}\"' \"{invoices}/$INVOICE{path}\" -d '{body}'"

    return [
        ("Create a draft", f"INVOICE=$({send} {invoices} -d '{_DRAFT}' | {_KEEP_ID})"),
        ("PATCH a field", change("", 2, '{"poNumber":"PO 4711"}') + " -X PATCH"),
        ("Post it: it gets its number", change("/post", 3, "{}")),
        ("A stale RowVersion: 409 and the state", change("", 2, '{"memo":"late"}') + " -X PATCH"),
        ("Its history", f'{head} "{invoices}/$INVOICE/events"'),
    ]


def tour(address: str, key: str, log: Path) -> str:
    """Everything to try, as text for a terminal."""
    steps = "\n\n".join(
        f"  {number}. {what}\n{command}"
        for number, (what, command) in enumerate(commands(address, key), 1)
    )
    return f"""
Daybook is running.

  API             {address}
  Documentation   {address}/api/docs
  Sandbox key     {key}
  Logs            {log}

Try, in this order:

{steps}

Ctrl-C stops everything.
"""
