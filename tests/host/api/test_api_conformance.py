"""What the API answers is what its OpenAPI document says, for requests nobody thought of.

The controls: a status that is not in the document, and an internal error, are found.
"""

import json

import pytest
from fakes import api_node
from host.api import conformance
from schemathesis.core.failures import FailureGroup

from skyrocket.host.api import routes
from skyrocket.host.api.message import Answer, data

LIVE = {
    "motd": "hello",
    "ntp": {"options": ["iburst"]},
    "kernel": {"sysctl": {"vm.swappiness": "1"}},
}
EXAMPLES = 5
OPERATIONS = conformance.operations()


@pytest.fixture
def node(tmp_path):
    with api_node.serving(tmp_path, api_node.state(tmp_path, LIVE)) as path:
        yield path


@pytest.mark.parametrize("name", OPERATIONS)
def test_whatever_is_asked_the_answer_is_one_of_the_document(node, name):
    assert conformance.tried(node, OPERATIONS[name], EXAMPLES) > 0


def test_control_a_status_that_is_not_in_the_document_is_found(node):
    document = json.loads(conformance.DOCUMENT.read_text())
    del document["paths"]["/plan"]["post"]["responses"]["400"]
    with pytest.raises(FailureGroup, match="Undocumented status code"):
        conformance.tried(node, conformance.operations(document)["POST /plan"], EXAMPLES)


def test_control_data_of_another_shape_is_found(node, monkeypatch):
    monkeypatch.setitem(routes.ROUTES, ("GET", "/status"), lambda *_: data({"degraded": "no"}))
    with pytest.raises(FailureGroup, match="violates schema"):
        conformance.tried(node, OPERATIONS["GET /status"], EXAMPLES)


def test_control_an_internal_error_is_found(node, monkeypatch):
    monkeypatch.setitem(
        routes.ROUTES, ("GET", "/status"), lambda *_: Answer(500, b"Internal error")
    )
    with pytest.raises(AssertionError, match="Internal error"):
        conformance.tried(node, OPERATIONS["GET /status"], EXAMPLES)
