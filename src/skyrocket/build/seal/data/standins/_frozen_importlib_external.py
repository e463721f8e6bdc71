# mypy: ignore-errors
"""Stands for importlib's half that reads files: the names that others import, and no loader."""

path_sep = "/"
path_separators = "/"
SOURCE_SUFFIXES = []
BYTECODE_SUFFIXES = DEBUG_BYTECODE_SUFFIXES = OPTIMIZED_BYTECODE_SUFFIXES = []
EXTENSION_SUFFIXES = []
MAGIC_NUMBER = b""
_RAW_MAGIC_NUMBER = 0


def _install(bootstrap):
    """No finder to add."""


def _set_bootstrap_module(bootstrap):
    pass


def _refuse(*args, **kwargs):
    raise ImportError("sealed: modules are not loaded from files")


cache_from_source = source_from_cache = decode_source = _refuse
spec_from_file_location = _get_cached = _fix_up_module = _refuse


def _pack_uint32(number):
    return (int(number) & 0xFFFFFFFF).to_bytes(4, "little")


def _unpack_uint32(data):
    return int.from_bytes(data, "little")


_unpack_uint64 = _unpack_uint16 = _unpack_uint32


class _Loader:
    __init__ = create_module = exec_module = load_module = get_code = get_source = _refuse


class _LoaderBasics(_Loader):
    pass


class FileLoader(_Loader):
    pass


class SourceLoader(_Loader):
    pass


class SourceFileLoader(_Loader):
    pass


class SourcelessFileLoader(_Loader):
    pass


class ExtensionFileLoader(_Loader):
    pass


class AppleFrameworkLoader(_Loader):
    pass


class NamespaceLoader(_Loader):
    pass


class WindowsRegistryFinder:
    pass


class FileFinder:
    __init__ = path_hook = _refuse


class PathFinder:
    @staticmethod
    def find_spec(fullname, path=None, target=None):
        return None

    @staticmethod
    def invalidate_caches():
        pass
