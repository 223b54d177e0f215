"""What can be said on the command line; nothing is done here."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from exporter_core import __version__
from exporter_core.content import DOCUMENT_LIMIT
from exporter_core.errors import UsageError

COMMANDS = ("images", "tree", "export", "verify", "stores", "kept", "serve")
"""The words that mean the command line and not the window."""

_STORE = "a layout folder, a content folder, or a tar archive of one"
_IMAGE = "a full or short name, or a digest (its beginning will do)"
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30}


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The options in ``argv``. Prints and exits (SystemExit 2, or 0 for help) as argparse does."""
    parser = _parser()
    options, rest = parser.parse_known_args(argv)
    if options.command == "export":
        # argparse takes no names after options: `export STORE -o FILE IMAGE` leaves them over.
        options.images += [word for word in rest if not _is_option(word)]
        rest = [word for word in rest if _is_option(word)]
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if options.command == "export":
        _check_export(options)
    return options


def _is_option(word: str) -> bool:
    return word.startswith("-")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="shipglass",
        description="Look into container image stores and export images to a tar. "
        "Without a command word, the window opens.",
        epilog="Exit codes: 0 done, 2 usage, 3 store, 4 content, 5 platform, 6 target, 130 cancelled.",
    )
    parser.add_argument("--version", action="version", version=f"shipglass {__version__}")
    commands = parser.add_subparsers(prog="shipglass", dest="command", required=True, metavar="COMMAND")
    images = _command(commands, "images", "list the images of a store")
    images.add_argument("store", metavar="STORE", help=_STORE)
    tree = _command(commands, "tree", "show an image: index, manifests, config and layers")
    tree.add_argument("store", metavar="STORE", help=_STORE)
    tree.add_argument("image", metavar="IMAGE", help=_IMAGE)
    _add_export(_command(commands, "export", "write images to one tar archive"))
    check = _command(commands, "verify", "hash and follow everything in an archive or store")
    check.add_argument("store", metavar="PATH", help=_STORE)
    check.add_argument("--sha256", type=_sha256, metavar="HEX", help="what the whole archive should hash to")
    check.add_argument("-q", "--quiet", action="store_true", help="print only what is wrong")
    _command(commands, "stores", "list the well-known places of this machine that hold images")
    kept = _command(commands, "kept", "say what keeps a blob of containerd's, or which blobs nothing keeps")
    kept.add_argument("store", metavar="STORE", help="containerd's root (PATH?namespace=NAME)")
    kept.add_argument("digest", metavar="DIGEST", nargs="?", help="a blob's digest (its beginning will do)")
    kept.add_argument(
        "--containerd",
        type=_version,
        metavar="VERSION",
        help="whose collector decides, such as 1.7 (default: the newest known)",
    )
    serve = _command(commands, "serve", "let another process read a store over standard input and output")
    serve.add_argument("--stdio", action="store_true", required=True, help="the one way there is")
    serve.add_argument("store", metavar="STORE", help=_STORE)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--document-limit",
        type=_size,
        default=DOCUMENT_LIMIT,
        metavar="SIZE",
        help="largest index, manifest or config that is read (default 8MiB)",
    )
    return parser


def _add_export(export: argparse.ArgumentParser) -> None:
    export.add_argument("store", metavar="STORE", help=_STORE)
    export.add_argument("images", metavar="IMAGE", nargs="*", help=_IMAGE)
    export.add_argument("--descriptor", metavar="JSON", help="a root descriptor instead of names (or @FILE)")
    export.add_argument("-o", "--output", metavar="FILE", help="the archive; - for standard output")
    export.add_argument(
        "--platform",
        action="append",
        metavar="P",
        help="a platform, such as linux/arm64 (repeatable; default: this machine's)",
    )
    export.add_argument("--all-platforms", action="store_true", help="every platform of the images")
    export.add_argument(
        "--profile",
        choices=("oci", "v1"),
        default="oci",
        help="oci: as containerd 2 writes (default); v1: containerd's V1Exporter to the byte",
    )
    export.add_argument("--no-docker-manifest", action="store_true", help="leave out Docker's manifest.json")
    export.add_argument(
        "--skip-non-distributable", action="store_true", help="leave out layers that may not be distributed"
    )
    export.add_argument(
        "--plan", action="store_true", help="only say what would be written, and what is wrong"
    )
    export.add_argument("--checksum", action="store_true", help="also report the archive's SHA-256")
    export.add_argument("--force", action="store_true", help="overwrite FILE")
    export.add_argument("-q", "--quiet", action="store_true", help="no progress")


def _check_export(options: argparse.Namespace) -> None:
    if options.images and options.descriptor is not None:
        raise UsageError("both images and a --descriptor were given", hint="Give one or the other.")
    if not options.images and options.descriptor is None:
        raise UsageError(
            "no image was named", hint=f"Name images (shipglass images {options.store} lists them)."
        )
    if options.platform and options.all_platforms:
        raise UsageError("both --platform and --all-platforms were given", hint="Give one or the other.")
    if not options.output and not options.plan:
        raise UsageError("no output was named", hint="Add -o FILE (or -o - for a pipe), or --plan.")


def _sha256(text: str) -> str:
    digits = text.removeprefix("sha256:").lower()
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        raise argparse.ArgumentTypeError(f"{text!r} is no SHA-256 (64 hexadecimal digits)")
    return digits


def _version(text: str) -> tuple[int, int]:
    parts = text.removeprefix("v").split(".")
    if len(parts) < 2 or not all(part.isdecimal() for part in parts[:2]):
        raise argparse.ArgumentTypeError(f"{text!r} is no version (examples: 1.7, 2.2)")
    return int(parts[0]), int(parts[1])


def _size(text: str) -> int:
    number = text.rstrip("iBbKkMmGg")
    unit = text[len(number) :].lower().removesuffix("b")
    if not number.isdecimal() or unit not in _UNITS:
        raise argparse.ArgumentTypeError(f"{text!r} is no size (examples: 33554432, 32MiB)")
    return int(number) * _UNITS[unit]
