"""The state machine of boots, gone through as a whole: every state, every cut, every verdict.

Two versions, one running and one staged or kept from before, in every order of their numbers. A
boot is healthy, dies, is found bad, or is ended in order by somebody; a healthy one may activate an
update, cancel it, or go back to what was kept, and the power may fail between any two renames. In
each state that can be reached the promises of docs/boot.md are checked; seeded bugs must be found
by the same search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from skyrocket.models import boots, slots
from skyrocket.models.boots import Step, Uki
from skyrocket.models.slots import Name

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME, AWAY = "aaaaaaaa", "bbbbbbbb"
OTHER = {HOME: AWAY, AWAY: HOME}
SEEN, ASIDE = slots.FOLDER, slots.STAGED


class Rules:
    """What decides; a seeded bug replaces one of them."""

    choose = staticmethod(boots.booted_by_loader)
    counted = staticmethod(boots.counted)
    activation = staticmethod(boots.activation)
    deactivation = staticmethod(boots.deactivation)
    blessing = staticmethod(boots.blessing)
    giving_back = staticmethod(boots.giving_back)
    standing_aside = staticmethod(boots.standing_aside)
    trial = staticmethod(boots.other_boots_next)
    before = staticmethod(boots.stands_before)
    judge = staticmethod(boots.judge)


class State(NamedTuple):
    """FILES of the boot partition, roots that were GOOD, what the initrd COUNTED for ROOT.

    RUNS is the version that is up ("" when the machine is off), ON_TRIAL and PROVEN in this boot,
    READY what was activated in it. The rest is what a reader of the promises would expect: the
    version to boot NEXT ("" when either may), the last one PROVED, those FOUND good by a boot, and
    STARTS of one that never was.
    """

    files: frozenset[str]
    good: frozenset[str]
    root: str = ""
    count: int = 0
    runs: str = ""
    on_trial: bool = False
    proven: bool = False
    ready: str = ""
    next: str = ""
    proved: str = HOME
    starts: int = 0
    found: frozenset[str] = frozenset()

    def off(self, **changes: object) -> State:
        return self._replace(runs="", on_trial=False, proven=False, ready="")._replace(**changes)  # type: ignore[arg-type]


def root(key: str) -> str:
    return key.ljust(64, "0")


class Search:
    """All states from a beginning, under RULES, with these NUMBERS of the versions."""

    def __init__(self, rules: type[Rules], numbers: dict[str, str], *, kept: bool) -> None:
        self.rules, self.numbers, self.kept = rules, numbers, kept
        self.wrong: dict[str, State] = {}

    def all(self) -> set[State]:
        away = f"{SEEN}/{self.behind()}" if self.kept else f"{ASIDE}/{Name(AWAY)}"
        first = State(
            frozenset({f"{SEEN}/{Name(HOME)}", away}),
            frozenset({HOME, AWAY} if self.kept else {HOME}),
            next=HOME,
            found=frozenset({HOME, AWAY} if self.kept else {HOME}),
        )
        found, left = {first}, [first]
        while left:
            for after in self.after(left.pop()):
                state = after._replace(files=frozenset(map(capped, after.files)))
                if state not in found:
                    found.add(state)
                    left.append(state)
        return found

    def behind(self) -> Name:
        """What a version that was kept is called: an older one waits as it is."""
        return Name(AWAY) if self.older(HOME, AWAY) else Name(AWAY, 0)

    def older(self, running: str, other: str) -> bool:
        """Whether the running one must stand aside for the other."""
        left, right = (Uki(Name(key), self.numbers[key]) for key in (running, other))
        return self.rules.before(left, right)

    def complain(self, what: str, state: State) -> None:
        self.wrong.setdefault(what, state)

    def names(self, state: State) -> list[Name]:
        paths = [path.rpartition("/") for path in sorted(state.files)]
        found = [slots.parse(name) for folder, _, name in paths if folder == SEEN]
        return [name for name in found if name]

    def ukis(self, state: State) -> list[Uki]:
        return [Uki(name, self.numbers[name.key]) for name in self.names(state)]

    def after(self, state: State) -> Iterator[State]:
        if not state.runs:
            yield from self.power_on(state)
        elif state.proven:
            yield from self.proven(state)
        else:
            yield from self.judged(state)

    def power_on(self, state: State) -> Iterator[State]:
        chosen = self.rules.choose(self.ukis(state))
        if chosen is None:
            self.complain("nothing boots", state)
            return
        key = chosen.name.key
        if state.next not in {"", key}:
            self.complain(f"{'home' if key == HOME else 'away'} boots unexpectedly", state)
        counted = self.rules.counted(chosen.name)
        files = renamed(state.files, Step(f"{SEEN}/{chosen.name}", f"{SEEN}/{counted}"))
        starts = state.starts + (key not in state.found)
        if starts > 1 + boots.GIVEN_BACK:
            self.complain("a version that was never good is started again and again", state)
            return
        state = state._replace(files=files, next="", starts=starts)
        yield state.off()  # the power fails before the kernel is there
        count = state.count + 1 if state.root == key else 1
        state = state._replace(root=key, count=min(count, 9))
        if count > 6:
            self.complain("a loop without an end", state)
            return
        yield from self.initrd(state, key)

    def initrd(self, state: State, key: str) -> Iterator[State]:
        names = self.names(state)
        good = tuple(root(one) for one in sorted(state.good))
        verdict = self.rules.judge(root(key), state.count, good, names)
        if verdict.go_on:
            mine = [name for name in names if name.key == key]
            trial = not mine[0].blessed and self.rules.trial(self.ukis(state), key)
            yield state._replace(runs=key, on_trial=trial)
            return
        state = state._replace(count=0)
        if verdict.stop:
            if any(n.key != key and n.key in state.good and not n.exhausted for n in names):
                self.complain("stops although another version was good", state)
            yield state.off()  # somebody switches it off and on
            return
        yield from self.steps(
            state, self.rules.standing_aside(names, key), state.off(next=verdict.other)
        )

    def judged(self, state: State) -> Iterator[State]:
        """A boot before it is blessed: healthy, dead, bad, or restarted by somebody."""
        key, home = state.runs, state.proved
        back = home if state.on_trial or key not in state.found else key
        yield state.off(next=back if back in state.good else "")  # it dies
        if state.on_trial:  # found bad: it is restarted; any other bad boot stays up
            chosen = self.rules.choose(self.ukis(state))
            if chosen is None or chosen.name.key == key:
                self.complain("a bad boot is restarted for nothing", state)
            yield state.off(next=back)
        again = self.rules.giving_back(self.names(state), key) if state.on_trial else []
        yield from self.steps(
            state, again, state.off(next=key if again or not state.on_trial else home)
        )
        yield from self.blessed(state, key)

    def blessed(self, state: State, key: str) -> Iterator[State]:
        """The rename, the list of good roots, the count: the power may fail after each."""
        done = state = state._replace(found=state.found | {key})
        for step in self.rules.blessing(self.names(state), key):
            done = done._replace(files=renamed(done.files, step))
            yield done.off(next=key)
        good = done._replace(good=done.good | {key}, proved=key, starts=0)
        yield good.off(next=key)
        yield good._replace(proven=True, count=0, on_trial=False, next=key)

    def proven(self, state: State) -> Iterator[State]:
        key, other = state.runs, OTHER[state.runs]
        yield state.off()
        older = self.older(key, other)
        names = self.names(state)
        there = any(path.partition("-")[2].startswith(other) for path in state.files)
        if there and not state.ready:
            steps = self.rules.activation(names, other, key, older=older)
            ended = state._replace(ready=other, next=other, starts=0)
            yield from self.steps(state._replace(next="", starts=0), steps, ended)
        if state.ready:
            kept = other in state.good
            steps = self.rules.deactivation(names, other, key, kept=kept, older=older)
            yield from self.steps(
                state._replace(next=""), steps, state._replace(ready="", next=key)
            )

    def steps(self, state: State, steps: list[Step], end: State) -> Iterator[State]:
        """STEPS one after the other; the power may fail after each; at their end it is END."""
        files = state.files
        for step in steps:
            files = renamed(files, step)
            yield state.off(files=files, next="")
        yield end._replace(files=files)


def renamed(files: frozenset[str], step: Step) -> frozenset[str]:
    assert step.source in files, (step, files)
    return files - {step.source} | {step.target}


def capped(path: str) -> str:
    """Tries done beyond those that anybody counts are as good as one more."""
    folder, _, text = path.rpartition("/")
    name = slots.parse(text)
    assert name is not None
    most = boots.GIVEN_BACK + 1
    return f"{folder}/{Name(name.key, name.left, min(name.done, most))}"


ORDERS = [("1.9.0", "1.10.0"), ("2.0", "2.0~rc1"), ("1.0", "1.0")]
BEGINNINGS = [(order, kept) for order in ORDERS for kept in (False, True)]


def search(rules: type[Rules]) -> tuple[int, set[str]]:
    """States gone through from every beginning, and what is wrong in them."""
    states, wrong = 0, set[str]()
    for (home, away), kept in BEGINNINGS:
        looked = Search(rules, {HOME: home, AWAY: away}, kept=kept)
        try:
            states += len(looked.all())
        except AssertionError as error:
            wrong.add(f"a step that cannot be taken: {error}")
        wrong |= set(looked.wrong)
    return states, wrong


def test_every_promise_holds_in_every_state() -> None:
    states, wrong = search(Rules)
    assert wrong == set()
    assert states > 1000


class BlessedAtOnce(Rules):
    @staticmethod
    def activation(names: list[Name], new: str, running: str, *, older: bool) -> list[Step]:
        """No try is counted."""
        steps = boots.activation(names, new, running, older=older)
        return [Step(s.source, s.target.replace("+1", "")) for s in steps]


class AsideFirst(Rules):
    @staticmethod
    def activation(names: list[Name], new: str, running: str, *, older: bool) -> list[Step]:
        """The running version stands aside first, and for a newer one too."""
        steps = boots.activation(names, new, running, older=False)
        return boots.standing_aside(names, running) + steps


class NobodyStandsAside(Rules):
    @staticmethod
    def activation(names: list[Name], new: str, running: str, *, older: bool) -> list[Step]:
        return boots.activation(names, new, running, older=False)


class NotRepeatable(Rules):
    @staticmethod
    def activation(names: list[Name], new: str, running: str, *, older: bool) -> list[Step]:
        """From the staged image alone: what was there until today."""
        steps = [Step(f"{ASIDE}/{Name(new)}", f"{SEEN}/{Name(new, 1)}")]
        return steps + (boots.standing_aside(names, running) if older else [])


class WrongBlessing(Rules):
    @staticmethod
    def blessing(names: list[Name], key: str) -> list[Step]:
        """The first image that has a counter."""
        return [Step(f"{SEEN}/{n}", f"{SEEN}/{Name(n.key)}") for n in names if not n.blessed][:1]


class NoBlessing(Rules):
    @staticmethod
    def blessing(_names: list[Name], _key: str) -> list[Step]:
        return []


class GivenBackForEver(Rules):
    @staticmethod
    def giving_back(names: list[Name], key: str) -> list[Step]:
        mine = [n for n in names if n.key == key and n.exhausted]
        return [Step(f"{SEEN}/{n}", f"{SEEN}/{Name(key, 1, 1)}") for n in mine]


class NeverStandsAside(Rules):
    @staticmethod
    def judge(_root: str, _count: int, _good: tuple[str, ...], _names: list[Name]) -> boots.Verdict:
        return boots.Verdict()


class StopsAtOnce(Rules):
    @staticmethod
    def judge(
        root_hash: str, count: int, _good: tuple[str, ...], names: list[Name]
    ) -> boots.Verdict:
        return boots.judge(root_hash, count, (), names)


class StaysAfterCancel(Rules):
    @staticmethod
    def deactivation(
        _names: list[Name], _new: str, _running: str, *, kept: bool, older: bool
    ) -> list[Step]:
        return []


class NewestFirst(Rules):
    @staticmethod
    def choose(ukis: list[Uki]) -> Uki | None:
        """Whatever was tried."""
        bare = [Uki(Name(uki.name.key), uki.version) for uki in ukis]
        chosen = boots.booted_by_loader(bare)
        return next((uki for uki in ukis if chosen and uki.name.key == chosen.name.key), None)


class ByVersionAlone(Rules):
    @staticmethod
    def before(left: Uki, right: Uki) -> bool:
        """Two builds of one version: what was there until this search found it."""
        return boots.version.newer(left.version, right.version)


class TextOrder(Rules):
    @staticmethod
    def choose(ukis: list[Uki]) -> Uki | None:
        """Versions as texts: 1.9.0 before 1.10.0."""
        return min(
            ukis, key=lambda u: (u.name.exhausted, [-ord(c) for c in u.version]), default=None
        )


class EveryBadBootRestarts(Rules):
    @staticmethod
    def trial(_ukis: list[Uki], _key: str) -> bool:
        """Also where the loader would take the same version again."""
        return True


BUGS: list[tuple[type[Rules], str]] = [
    (BlessedAtOnce, "boots unexpectedly"),
    (AsideFirst, "boots unexpectedly"),
    (NobodyStandsAside, "boots unexpectedly"),
    (NotRepeatable, "a step that cannot be taken"),
    (WrongBlessing, "boots unexpectedly"),
    (NoBlessing, "boots unexpectedly"),
    (GivenBackForEver, "started again and again"),
    (NeverStandsAside, "a loop without an end"),
    (StopsAtOnce, "stops although another version was good"),
    (StaysAfterCancel, "boots unexpectedly"),
    (NewestFirst, "boots unexpectedly"),
    (TextOrder, "boots unexpectedly"),
    (ByVersionAlone, "boots unexpectedly"),
    (EveryBadBootRestarts, "restarted for nothing"),
]


@pytest.mark.parametrize(("bug", "found"), BUGS, ids=lambda each: getattr(each, "__name__", ""))
def test_the_search_finds_a_seeded_bug(bug: type[Rules], found: str) -> None:
    assert any(found in each for each in search(bug)[1]), search(bug)


def test_the_loaders_order_key_for_key() -> None:
    """Exhausted last, newer version, greater name without its counter, more left, fewer done."""
    best_first = [
        Uki(Name(HOME, 1), "2.0"), Uki(Name(AWAY), "1.10"), Uki(Name(HOME), "1.10"),
        Uki(Name(HOME), "1.9"), Uki(Name(HOME), "1.9~rc1"), Uki(Name(AWAY, 0, 1), "3.0"),
        Uki(Name(HOME, 0, 1), "2.0"), Uki(Name(HOME, 0, 2), "2.0"),
    ]  # fmt: skip
    for at, uki in enumerate(best_first):
        assert boots.booted_by_loader(reversed(best_first[at:])) is uki
        assert boots.booted_by_loader(best_first[at:]) is uki


def test_the_loader_counts_down_and_up() -> None:
    """Also an image without a try left, and never one without a counter."""
    assert str(boots.counted(Name(HOME, 1))) == f"skyrocket-{HOME}+0-1.efi"
    assert str(boots.counted(Name(HOME, 1, 1))) == f"skyrocket-{HOME}+0-2.efi"
    assert str(boots.counted(Name(HOME, 0, 2))) == f"skyrocket-{HOME}+0-3.efi"
    assert boots.counted(Name(HOME)) == Name(HOME)


def test_a_try_is_given_back_twice() -> None:
    name: Name | None = Name(HOME, 1)
    for _ in range(2):
        assert name is not None
        name = boots.tried_name(boots.counted(name))
    assert name == Name(HOME, 1, 2)
    assert boots.tried_name(boots.counted(name)) is None
    assert boots.tried_name(boots.aside_name(name)) is None
    assert boots.tried_name(Name(HOME)) is None
