"""A short use of the API leaves nothing behind; a leak that is put in is found."""

from endurance import node, prove


def test_commits_and_commands_leave_no_descriptor(tmp_path):
    before, after = prove.lasting(tmp_path, part=20)
    assert after.descriptors <= before.descriptors


def test_a_restarted_api_has_all_commits_and_nothing_more(tmp_path):
    before, after = prove.restarted(tmp_path, 3)
    assert node.findings(before, after) == []


def test_control_a_leak_is_found(tmp_path):
    found = node.findings(*prove.lasting(tmp_path, prove.LEAK, 20))
    assert any(one.startswith("descriptors") for one in found)
