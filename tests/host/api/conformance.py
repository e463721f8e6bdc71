"""The OpenAPI document against a server on a Unix socket: schemathesis makes up the requests.

What it makes is right and wrong in turn. Whatever comes back must be in the document: the status,
the type, the shape of the data; and nothing may be an internal error.
"""

import contextlib
import json
import socket
from pathlib import Path

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.errors import Unsatisfiable
from requests.adapters import HTTPAdapter
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

DOCUMENT = Path(__file__).parents[3] / "docs/openapi.json"
ADDRESS = "http://localhost"
NAMES = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
LARGE = ("PATCH /settings",)
"""Requests that take a second to make up, because there are so many settings."""


class UnixAdapter(HTTPAdapter):
    """Every address leads to the socket at PATH."""

    def __init__(self, path):
        super().__init__()

        class Connection(HTTPConnection):
            def connect(self):
                self.sock = socket.socket(socket.AF_UNIX)
                self.sock.settimeout(30)
                self.sock.connect(path)

        class Pool(HTTPConnectionPool):
            ConnectionCls = Connection

        self._pool = Pool("localhost")

    def get_connection_with_tls_context(self, *_args, **_more):
        return self._pool

    def close(self):
        self._pool.close()
        super().close()


def operations(document=None):
    """The operations of the document, by their names."""
    schema = schemathesis.openapi.from_dict(document or json.loads(DOCUMENT.read_text()))
    return {each.ok().label: each.ok() for each in schema.get_all_operations()}


def tried(path, operation, examples, *, random=False):
    """How many requests of OPERATION were answered as they should be; raise at the first other."""
    load_all_checks()
    checks = CHECKS.get_by_names(list(NAMES))
    session = requests.Session()
    session.trust_env = False
    session.mount(ADDRESS, UnixAdapter(path))
    count = 0
    each = settings(
        max_examples=max(2, examples // 10) if operation.label in LARGE else examples,
        deadline=None, database=None, derandomize=not random, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet,
    )  # fmt: skip

    def ask(case):
        nonlocal count
        response = case.call(base_url=ADDRESS, session=session)
        assert response.status_code != 500, response.text
        case.validate_response(response, checks=checks)
        count += 1

    try:
        each(given(case=operation.as_strategy())(ask))()
        wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
        with contextlib.suppress(Unsatisfiable):  # nothing can be wrong where nothing is asked for
            each(given(case=wrong)(ask))()
    finally:
        session.close()
    return count
