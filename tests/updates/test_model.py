"""All states of a small update are good, and every seeded bug is found among them."""

from __future__ import annotations

import pytest
from updates import bugs, model
from updates.bugs import BUGS, Bug, Update
from updates.examine import examine


def test_every_state_of_a_whole_update_boots_and_has_its_settings() -> None:
    """Whatever has arrived between two flushes."""
    node, story = model.story()
    report = examine(model.medium(node, list(story.ops)), model.checker(node), story.marks)
    assert report.bad == ()
    assert report.distinct > 150


def test_a_kernel_image_that_is_moved_to_another_folder_may_be_in_both() -> None:
    """Two sectors change, and one may arrive alone: then two files share their bytes."""
    node, story = model.story(aside="staged")
    report = examine(model.medium(node, list(story.ops)), model.checker(node), story.marks)
    assert [bad.faults[0].endswith("share their bytes") for bad in report.bad] == [True]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.what)
def test_a_bug_in_the_order_of_writes_is_found(bug: Bug) -> None:
    """Each on its own, by the same checker."""
    node, story = model.story()
    changed = bug.put(Update(story))
    since = bugs.since(story.ops, changed)
    medium, checker = model.medium(node, changed), model.checker(node)
    report = examine(medium, checker, story.marks, since=since, enough=1)
    assert report.bad, bug.what
