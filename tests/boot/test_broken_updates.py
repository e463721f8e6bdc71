"""A real update to a version that fails, six ways: the node is back in time, settings intact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from boot import broken_updates, updating

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boot.broken_updates import Bench, Case
    from boot.machine import Rack

pytestmark = [pytest.mark.boot, pytest.mark.proof]


@pytest.fixture(scope="module")
def bench(rack: Rack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = updating.trusted_root()
    first = updating.made(updating.OLD, root)
    with updating.served(tmp_path_factory.mktemp("served") / "repository", root) as port:
        order = rack.order(
            "broken", image=first.folder, root_hash=first.facts.root_hash, firmware=True,
            demo=False, user_data=updating.user_data(port),
        )  # fmt: skip
        yield broken_updates.start(rack, order)


@pytest.mark.parametrize("case", broken_updates.CASES, ids=lambda case: case.name)
def test_a_version_that_fails_is_left_in_time(bench: Bench, case: Case) -> None:
    row = broken_updates.run(case, bench)
    print(row)  # noqa: T201  (figures, for who runs it by hand)
    assert row.seconds <= row.bound, row
