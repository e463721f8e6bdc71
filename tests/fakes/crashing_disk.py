"""A disk in memory that records what is written and says what a power cut may leave of it.

The rules are weaker than those of any file system in use: names in a folder reach the disk when the
folder is synced, before that each of them may or may not have; bytes that were not synced may be
missing or half there, whatever their name does. So what holds here holds on ext4.
"""

from itertools import chain, combinations


class CrashingDisk:
    """The door `Files` of the store, with a log of every write."""

    def __init__(self, names=None, contents=None):
        self._names = dict(names or {"/": None})  # path -> number of its content; None: a folder
        self._contents = dict(contents or {})
        self.log = []

    def read(self, path):
        number = self._names.get(path)
        return None if number is None else self._contents[number]

    def names(self, folder):
        start = f"{folder}/"
        inside = [path[len(start) :] for path in self._names if path.startswith(start)]
        return [name for name in inside if "/" not in name]

    def size(self, path):
        return len(self.read(path) or b"")

    def make_folder(self, path):
        if path in self._names:
            return False
        self._name("set", path, None)
        return True

    def write(self, path, content, mode, /, *, durable):
        assert mode == 0o600
        number = len(self.log)
        self._contents[number] = content
        self.log.append(("bytes", number, content, durable))
        self._name("set", path, number)

    def rename(self, source, target):
        number = self._names.pop(source)
        self._names[target] = number
        self.log.append(("rename", _folder(target), source, target, number))

    def link(self, source, target):
        self._name("set", target, self._names[source])

    def remove(self, path):
        if self._names.pop(path, None) is not None:
            self.log.append(("unset", _folder(path), path))

    def sync_folder(self, folder):
        self.log.append(("sync", folder))

    def _name(self, what, path, number):
        self._names[path] = number
        self.log.append((what, _folder(path), path, number))

    def after_a_cut(self, upto):
        """Every disk that may be found when power goes after UPTO entries of the log."""
        safe, pending, contents, loose = {"/": None}, [], {}, []
        for entry in self.log[:upto]:
            if entry[0] == "bytes":
                contents[entry[1]] = entry[2]
                loose += [] if entry[3] else [entry[1]]
            elif entry[0] == "sync":
                for each in [each for each in pending if each[1] == entry[1]]:
                    _carry_out(safe, each)
                pending = [each for each in pending if each[1] != entry[1]]
            else:
                pending.append(entry)
        for some in chain.from_iterable(combinations(pending, n) for n in range(len(pending) + 1)):
            names = dict(safe)
            for each in some:
                _carry_out(names, each)
            names = {path: number for path, number in names.items() if _reachable(path, names)}
            for share in (0.0, 0.5, 1.0) if loose else (1.0,):
                cut = {n: contents[n][: int(len(contents[n]) * share)] for n in loose}
                yield CrashingDisk(names, {**contents, **cut})


def _carry_out(names, entry):
    if entry[0] == "set":
        names[entry[2]] = entry[3]
    elif entry[0] == "unset":
        names.pop(entry[2], None)
    else:
        names.pop(entry[2], None)
        names[entry[3]] = entry[4]


def _reachable(path, names):
    while path != "/":
        path = _folder(path)
        if path not in names:
            return False
    return True


def _folder(path):
    return path.rpartition("/")[0] or "/"
