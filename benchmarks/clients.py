"""Who asks: drafters, editors, posters, and one who asks for nothing in particular."""

import msgspec
from typing_extensions import override

from benchmarks.http_load import HOST, Answer, Client
from benchmarks.testbed import Api

CUSTOMER = {"id": "ACME", "name": "Acme Ltd", "country": "DE"}

DRAFT = {
    "customerId": "ACME",
    "currency": "EUR",
    "poNumber": "4500017",
    "lines": [
        {
            "code": f"ART-{number}",
            "description": f"Article {number} of the catalogue",
            "quantity": f"{number}.5",
            "unitPrice": f"{number}9.95",
            "taxRate": "19" if number % 2 else "7",
        }
        for number in range(1, 6)
    ],
}

# Bodies of the same length, each of which changes what the other one has set.
CHANGES = (b'{"memo":"Deliver to the north gate."}', b'{"memo":"Deliver to the south gate."}')


def request(api: Api, method: str, path: str, body: bytes, *more: str) -> bytes:
    """The bytes of a request with a JSON body."""
    lines = (
        f"{method} {path} HTTP/1.1",
        f"host: {HOST}:{api.port}",
        f"authorization: Bearer {api.key}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *more,
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Creator(Client):
    """Creates the same thing several times, and remembers what it got."""

    expects = 201

    def __init__(self, api: Api, path: str, body: object, times: int) -> None:
        self._request = request(api, "POST", path, msgspec.json.encode(body))
        self._left = times
        self.created: list[tuple[str, int]] = []
        """Path and RowVersion of each."""

    @override
    def request(self) -> bytes | None:
        self._left -= 1
        return self._request if self._left >= 0 else None

    @override
    def answered(self, answer: Answer) -> None:
        path = answer.field(b"location").decode()
        self.created.append((path, int(answer.field(b"etag").strip(b'"'))))


class Asker(Client):
    """Gets the same thing again and again."""

    def __init__(self, api: Api, path: str, *headers: str, expects: int = 200) -> None:
        self.expects = expects
        self._request = request(api, "GET", path, b"", *headers)

    @override
    def request(self) -> bytes:
        return self._request

    @override
    def answered(self, answer: Answer) -> None:
        pass


class Editor(Client):
    """Edits a field of one invoice, each time on the RowVersion of the answer before."""

    expects = 200

    def __init__(self, api: Api, path: str, version: int) -> None:
        whole = request(api, "PATCH", path, CHANGES[0], 'if-match: "0"')
        self._before = whole.partition(b'"0"')[0]
        self._after = [b"\r\n\r\n" + change for change in CHANGES]
        self._etag = b'"%d"' % version
        self.left = float("inf")
        """How many more edits it makes."""
        self.acknowledged = 0

    @override
    def request(self) -> bytes | None:
        if not self.left:
            return None
        return self._before + self._etag + self._after[self.acknowledged % 2]

    @override
    def answered(self, answer: Answer) -> None:
        self._etag = answer.field(b"etag")
        self.left -= 1
        self.acknowledged += 1


class NoOp(Client):
    """Sends what an editor sends to a route that does nothing with it."""

    expects = 200

    def __init__(self, api: Api) -> None:
        self._request = request(api, "PATCH", "/no-op", CHANGES[0], 'if-match: "1"')

    @override
    def request(self) -> bytes:
        return self._request

    @override
    def answered(self, answer: Answer) -> None:
        pass


class Poster(Client):
    """Posts one draft after the other."""

    expects = 200

    def __init__(self, api: Api, drafts: list[tuple[str, int]]) -> None:
        self._requests = [
            request(api, "POST", f"{path}/post", b"{}", f'if-match: "{version}"')
            for path, version in drafts
        ]

    @override
    def request(self) -> bytes | None:
        return self._requests.pop() if self._requests else None

    @override
    def answered(self, answer: Answer) -> None:
        pass
