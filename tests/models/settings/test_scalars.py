import pytest

from skyrocket.models.settings import scalars as s

ACCEPTED = [
    (s.SingleLineString, ["", "a b", "ü"]),
    (s.Identifier, ["", "admin", "A-1", "x" * 76]),
    (s.ValidBase64, ["", "aGk=", "aGkh"]),
    (s.ValidLinuxHostname, ["a", "node-1.example", "1a", "a" * 63]),
    (s.IpAddress, ["10.0.0.1", "::1", "2001:db8::1"]),
    (
        s.Url,
        ["http://a", "https://a:8443/x?y", "a.b", "10.0.2.2:5000", "http://[::1]:80/", "s3://b/c"],
    ),
    (s.OciImageRef, ["skyrocket.local/admin:1", "a@sha256:b"]),
    (s.FriendlyVersion, ["latest", "1.2.3", "v1.2.3", "1.0.0-rc.1+b"]),
    (s.SysctlKey, ["net.ipv4.ip_forward", "net/ipv4/conf/eth0.1/rp_filter"]),
    (s.MemoryLimit, ["512Mi", "1G", "1024"]),
    (s.CpuLimit, ["0.5", "2", "250m"]),
]
REFUSED = [
    (s.SingleLineString, ["a\nb", "a\u2028b", "a\x00", "\x7f", "a\x85"]),
    (s.Identifier, ["a_b", "a.b", "ü", "x" * 77, "a\n"]),
    (s.ValidBase64, ["aGk", "a-_=", "aGk=\n", "ü", "aG=k"]),
    (
        s.ValidLinuxHostname,
        ["", "A", "a_b", "-a", ".a", "a..b", "a.-b", "a" * 64, "a" * 254, "a\n"],
    ),
    (s.IpAddress, ["", "1.2.3", "1.2.3.4.5", ":::", "fe80::1%eth0", "a\0"]),
    (s.Url, ["", "a b", "http://", "http://a:99999", "http://a\nb", "http://a:x", "//a"]),
    (s.OciImageRef, ["", "a b", "ä", "a\n"]),
    (s.FriendlyVersion, ["", "1", "1.2", "vv1.0.0", "01.0.0", "1.0.0-01", "Latest", "1.2.3\n"]),
    (s.SysctlKey, ["", "a..b", ".a", "/a", "a b", "a" * 129]),
    (s.MemoryLimit, ["", "0", "-1", "1.5G", "5MiB", "5k"]),
    (s.CpuLimit, ["", "0", "0m", "-1", "0.0001", "x"]),
]


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, texts in ACCEPTED for t in texts])
def test_a_good_text_is_kept_as_written(kind, text):
    assert text == kind.parse(text)


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, texts in REFUSED for t in texts])
def test_a_bad_text_is_refused_and_the_kind_named(kind, text):
    with pytest.raises(s.ScalarError, match=f"^Unable to deserialize into {kind.__name__}: "):
        kind.parse(text)


AMOUNTS = [s.MemoryLimit, s.CpuLimit]


@pytest.mark.parametrize("kind", [kind for kind, _ in ACCEPTED if kind not in AMOUNTS])
@pytest.mark.parametrize("value", [1, 0.5, True, None, [], {}])
def test_what_is_no_text_is_refused(kind, value):
    with pytest.raises(s.ScalarError, match=r"^Expected `str`, got `"):
        kind.parse(value)


@pytest.mark.parametrize("kind", AMOUNTS)
@pytest.mark.parametrize("value", [True, None, [], {}])
def test_an_amount_is_a_text_or_a_number(kind, value):
    with pytest.raises(s.ScalarError, match=r"^Expected `str \| int \| float`, got `"):
        kind.parse(value)


def test_a_number_is_kept_as_the_text_it_stands_for():
    """`apiclient set containers.demo.cpu-limit=0.5` sends a number."""
    numbers = [s.CpuLimit.parse(value) for value in (0.5, 2, 2.0, 1.25)]
    assert numbers == ["0.5", "2", "2", "1.25"]
    assert s.MemoryLimit.parse(1e10) == "10000000000"


@pytest.mark.parametrize("value", [0, -1, 0.0001, 1e-5, float("inf"), float("nan")])
@pytest.mark.parametrize("kind", AMOUNTS)
def test_a_number_follows_the_rule_of_its_text(kind, value):
    with pytest.raises(s.ScalarError, match=f"^Unable to deserialize into {kind.__name__}: "):
        kind.parse(value)


def test_memory_is_counted_in_bytes():
    texts = ["512Mi", "1G", "7"]
    assert [s.MemoryLimit(text).amount() for text in texts] == [536870912, 1000000000, 7]


def test_processors_are_counted_in_thousandths():
    assert [s.CpuLimit(t).amount() for t in ["0.5", "2", "250m", "1.25"]] == [500, 2000, 250, 1250]
