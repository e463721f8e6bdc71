"""What a built image says of itself: `manifest.json`, and the answer of `build --json`."""

import msgspec


class Partition(msgspec.Struct, frozen=True):
    """Offset and size in bytes; `type` is the GPT type GUID."""

    label: str
    offset: int
    size: int
    type: str


class Program(msgspec.Struct, frozen=True):
    """One executable of the root: who starts it and why it is there."""

    path: str
    bytes: int
    started_by: str
    why: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Paths are absolute on the build machine in `build --json`, file names in manifest.json."""

    variant: str
    version: str
    build_id: str
    architecture: str
    image: str
    manifest: str
    sbom: str
    root_hash: str
    root_bytes: int
    hash_bytes: int
    uki_bytes: int
    uki_name: str
    executables: int
    programs: list[Program]
    packages: dict[str, str]
    partitions: list[Partition]
    kernel_arguments: list[str]
    secure_boot: str | bool = False
    """Not signed, or SHA-256 of the certificate that loader and kernel image are signed with."""

    def located(self, folder: str) -> "Manifest":
        """The manifest with its file names made paths below FOLDER."""
        return msgspec.structs.replace(
            self,
            image=f"{folder}/{self.image}",
            manifest=f"{folder}/{self.manifest}",
            sbom=f"{folder}/{self.sbom}",
        )
