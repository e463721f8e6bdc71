"""A node for `apply`: files in a dictionary, everything else written down."""


class FakeHost:
    def __init__(self, files=None, refuse=()):
        self.files = dict(files or {})
        self.done = []
        self.warnings = []
        self._refuse = refuse

    def read(self, path):
        return self.files.get(path)

    def below(self, folder):
        return sorted(path for path in self.files if path.startswith(folder + "/"))

    def write(self, path, content, mode):
        self.files[path] = content
        self.done.append(f"write {path} {mode:o}")

    def remove(self, path):
        del self.files[path]
        self.done.append(f"remove {path}")

    def set_hostname(self, name):
        self.done.append(f"hostname {name}")

    def set_parameter(self, key, value):
        if key in self._refuse:
            raise FileNotFoundError(2, "No such file or directory")
        self.done.append(f"sysctl {key}={value}")

    def set_attribute(self, path, value):
        if path in self._refuse:
            raise PermissionError(1, "Operation not permitted")
        self.done.append(f"attribute {path}={value}")

    def change_units(self, what, units):
        if units:
            self.done.append(f"{what} {' '.join(units)}")

    def warn(self, text):
        self.warnings.append(text)
