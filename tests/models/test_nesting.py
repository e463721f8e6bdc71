import json
import subprocess
import sys
import threading

import pytest
from fakes import api_node
from hypothesis import given
from hypothesis import strategies as st

from skyrocket.host.api import routes
from skyrocket.host.api.message import Request
from skyrocket.models.nesting import DEEPEST, too_deep

texts = st.text('[]{}"\\a')
values = st.recursive(
    st.one_of(texts, st.integers()),
    lambda below: st.one_of(st.lists(below), st.dictionaries(texts, below)),
    max_leaves=30,
)


def depth(value):
    """Levels of brackets in VALUE, by another way than by its text."""
    if not isinstance(value, (dict, list)):
        return 0
    below = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, below), default=0)


@given(values, st.integers(0, 6))
def test_nesting_is_counted_as_a_parser_would(value, deepest):
    assert too_deep(json.dumps(value).encode(), deepest) == (depth(value) > deepest)


@given(values, st.integers(0, 6))
def test_brackets_and_quotes_inside_of_strings_do_not_count(value, deepest):
    text = json.dumps({json.dumps(value) + '["\\': [value]}, ensure_ascii=False)
    assert too_deep(text.encode(), deepest) == (depth(value) + 2 > deepest)


BODIES = {
    "objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "lists": b'{"motd":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "unclosed": b'{"a":[' * 9_000,
    "pairs": json.dumps({"request_payload": ["motd=" + "[" * 20_000]}).encode(),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_deep_body_is_harmless_on_the_small_stack_of_a_connection(name, tmp_path):
    state = api_node.state(tmp_path)
    target = "/settings/keypair" if name == "pairs" else "/settings"
    answers = []

    def ask():
        answers.append(routes.answer(state, Request("PATCH", target, BODIES[name])))

    before = threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=ask)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert [answer.status for answer in answers] == [204 if name == "pairs" else 400]


def test_a_body_at_the_limit_is_parsed(tmp_path):
    inner = b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1)
    answer = routes.answer(
        api_node.state(tmp_path), Request("PATCH", "/settings", b'{"motd":' + inner + b"}")
    )
    assert answer.body == b"Json deserialize error: Expected `str`, got `array` at settings.motd"


def test_without_the_limit_such_a_body_is_too_much_for_the_parser():
    """The control. What it comes to depends on the Python: an error, or the end of the process."""
    code = (
        "import sys, threading; sys.path[:] = sys.argv[1:]; import msgspec\n"
        "def parse():\n"
        "    try: msgspec.json.decode(b'[' * 20_000 + b']' * 20_000)\n"
        "    except RecursionError: print('RecursionError')\n"
        "threading.stack_size(512 * 1024); t = threading.Thread(target=parse); t.start(); t.join()"
    )
    argv = [sys.executable, "-I", "-c", code, *[path for path in sys.path if path]]
    done = subprocess.run(argv, capture_output=True, check=False)
    assert done.returncode < 0 or done.stdout == b"RecursionError\n"
