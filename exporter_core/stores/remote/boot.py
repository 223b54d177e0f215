"""What a helper runs first: it takes the core from its standard input into memory, and serves.

Sent as text and run by whatever ``python3`` there is, so it is written for old ones; nothing is left on disk.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# ruff: noqa: D103, UP036

import sys

OLD = "shipglass-boot: python %d.%d is too old\n"


def boot():
    if sys.version_info < (3, 11):
        sys.stderr.write(OLD % sys.version_info[:2])
        return 3
    import importlib
    import importlib.abc
    import importlib.util
    import io
    import signal
    import zipfile
    from urllib.parse import unquote

    size = int(sys.stdin.buffer.readline(20))
    archive = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read(size)))
    sources = {name: archive.read(name) for name in archive.namelist()}

    class Parcel(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
        """Modules out of the archive."""

        def find_spec(self, name, path=None, target=None):
            """None where the archive has no such module."""
            if self.file(name) in sources:
                return importlib.util.spec_from_loader(name, self)
            return None

        def file(self, name):
            """The member of module ``name``."""
            stem = name.replace(".", "/")
            package = stem + "/__init__.py"
            return package if package in sources else stem + ".py"

        def is_package(self, name):
            """As InspectLoader has it."""
            return self.file(name).endswith("/__init__.py")

        def get_source(self, name):
            """As InspectLoader has it."""
            return sources[self.file(name)].decode()

    sys.meta_path.insert(0, Parcel())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the client decides, and its end is our end
    serve = importlib.import_module("exporter_core.serve")
    return serve.serve_stdio(unquote(sys.argv[1]), document_limit=int(sys.argv[2]))


if __name__ == "__main__":
    sys.exit(boot())
