#!/usr/bin/env python3
"""Makes the bundled sample store, an OCI layout with an image for each thing worth seeing (see README.md).

    python resources/make_sample.py [FOLDER]      # without FOLDER: resources/sample-store

The same bytes each time (for the same zlib): no clock, no randomness. Run from a checkout, since the builder
lives with the tests. Nothing in it runs: programs are noise behind a true header, signatures are made up.
"""

import base64
import hashlib
import json
import shutil
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.images import (  # noqa: E402
    CREATED,
    OPAQUE,
    WHITEOUT,
    Entry,
    Files,
    Json,
    StoreBuilder,
    directory,
    file,
    hardlink,
    json_bytes,
    platform_of,
    symlink,
)

LINUX = ("linux/amd64", "linux/arm64/v8", "linux/arm/v7")
WINDOWS = {"architecture": "amd64", "os": "windows", "os.version": "10.0.20348.2582"}
SOURCE = "https://git.example.com/harbor/web"
APK_ARCH = {"amd64": "x86_64", "arm64": "aarch64", "arm": "armv7", "ppc64le": "ppc64le", "s390x": "s390x"}
ELF_MACHINE = {"amd64": 0x3E, "arm64": 0xB7, "arm": 0x28, "ppc64le": 0x15, "s390x": 0x16}
CERTIFICATE = (  # self-signed by releases@example.com; its key was thrown away
    "MIIB3jCCAYSgAwIBAgIGGis8TV5vMAoGCCqGSM49BAMCMFIxCzAJBgNVBAYTAk5MMSQwIgYDVQQKDBtFeGFtcGxlIFJlbGVh"
    "c2UgRW5naW5lZXJpbmcxHTAbBgNVBAMMFHJlbGVhc2VzQGV4YW1wbGUuY29tMB4XDTI0MDEwMTAwMDAwMFoXDTM0MDEwMTAw"
    "MDAwMFowUjELMAkGA1UEBhMCTkwxJDAiBgNVBAoMG0V4YW1wbGUgUmVsZWFzZSBFbmdpbmVlcmluZzEdMBsGA1UEAwwUcmVs"
    "ZWFzZXNAZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASK2eOCRYYJxgwbFCTddudKEhUGxZSeePRsfkRG"
    "n4tUY6mn0AvJ2WTPoJwjTNSfzA9LB1PWumINuwM4Xz0RZjPpo0YwRDAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYB"
    "BQUHAwMwHQYDVR0OBBYEFEwedJIf2HTOLp36xssOh5U+wHhXMAoGCCqGSM49BAMCA0gAMEUCICOi2VsCbabD47NiSZRvR2R+"
    "HIK1V8V0s8ooVSrkH05GAiEAmyfSH6Gil14fxqGjfldiUaPSE9EmNlXzaSfg9teRTEU="
)


# --- files ------------------------------------------------------------------------------------------------


def noise(seed: str, size: int) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(size)


def program(name: str, arch: str, size: int) -> Entry:
    """An executable of its architecture by its header, noise and a few strings behind it."""
    big = arch == "s390x"
    ident = b"\x7fELF" + bytes([1 if arch == "arm" else 2, 2 if big else 1, 1]) + bytes(9)
    head = ident + struct.pack(">HHI" if big else "<HHI", 3, ELF_MACHINE[arch], 1)
    text = f"\0{name}\0/etc/harbor/harbor.conf\0usage: {name} [-c FILE] [-v]\0GCC: (Example) 13.2.1\0"
    return file(head.ljust(64, b"\0") + noise(name + arch, size) + text.encode(), 0o755)


def windows_program(name: str, size: int) -> Entry:
    stub = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<HH", 0x8664, 3)
    return file(stub.ljust(512, b"\0") + noise(name, size))


def manual(name: str, about: str, section: int = 1) -> str:
    return f""".TH {name.upper()} {section} "May 2024" "Example" "User commands"
.SH NAME
{name} \\- {about}
.SH SYNOPSIS
.B {name}
[\\fIOPTION\\fR]...
.SH DESCRIPTION
{about[0].upper()}{about[1:]}. This page belongs to a sample image; the program behind it does nothing.
"""


def prose(subject: str, paragraphs: int) -> str:
    """Documentation of some length, so that a layer has something to read."""
    verbs = ("mounts", "watches", "rotates", "serves", "signs", "caches", "inspects", "forwards")
    things = ("the manifest", "each layer", "its log", "a berth plan", "the tide table", "every request")
    text = f"# {subject}\n"
    for number in range(paragraphs):
        pick = noise(f"{subject}{number}", 8)
        sentences = (
            f"{subject} {verbs[a % 8]} {things[a % 6]} and {verbs[a % 7]} {things[a % 5]}." for a in pick
        )
        text += f"\n## {number + 1}. Notes\n\n" + "\n".join(sentences) + "\n"
    return text


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    licence: str
    about: str
    files: Sequence[str]


BASE_PACKAGES = (
    Package(
        "baselayout",
        "3.6.5-r0",
        "GPL-2.0-only",
        "Directory structure and init files",
        ("etc/os-release", "etc/passwd", "etc/group", "etc/motd"),
    ),
    Package("musl", "1.2.5-r0", "MIT", "The musl C library", ("lib/libc.musl.so.1",)),
    Package(
        "busybox",
        "1.36.1-r29",
        "GPL-2.0-only",
        "Size optimized toolbox",
        ("bin/busybox", "bin/sh", "usr/share/man/man1/busybox.1"),
    ),
    Package("hello", "1.0.2-r1", "Apache-2.0", "Says hello", ("bin/hello", "usr/share/doc/hello/README.md")),
)
WEB_PACKAGES = (
    Package(
        "libharbor",
        "2.4.0-r0",
        "Apache-2.0",
        "Library of the harbor web server",
        ("usr/lib/libharbor.so.2.4.0", "usr/lib/libharbor.so.2"),
    ),
    Package(
        "harbor-web",
        "2.4.1-r0",
        "Apache-2.0",
        "A small web server",
        ("usr/sbin/harbord", "etc/harbor/mime.types"),
    ),
)


def apk_database(packages: Sequence[Package], contents: Files, arch: str) -> str:
    """lib/apk/db/installed for these packages, with the checksums of their files."""
    lines: list[str] = []
    for package in packages:
        sums = base64.b64encode(hashlib.sha1(package.name.encode()).digest()).decode()
        lines += [f"C:Q1{sums}", f"P:{package.name}", f"V:{package.version}", f"A:{APK_ARCH[arch]}"]
        lines += [f"T:{package.about}", f"U:https://{package.name}.example.com/", f"L:{package.licence}"]
        lines += [f"o:{package.name}", "m:Example Packagers <packages@example.com>"]
        for path in sorted(package.files):
            value = contents.get(path, b"")
            data = value.data if isinstance(value, Entry) else value
            checksum = hashlib.sha1(data if isinstance(data, bytes) else data.encode()).digest()
            folder, _, name = path.rpartition("/")
            lines += [f"F:{folder}", f"R:{name}", "Z:Q1" + base64.b64encode(checksum).decode()]
        lines.append("")
    return "\n".join(lines) + "\n"


def base_files(arch: str, version: str = "3.20.1") -> Files:
    """The first layer of most images here; equal layers are stored once, so images share it."""
    files: dict[str, Entry | bytes | str] = {
        "etc/os-release": f'NAME="Example Linux"\nID=example\nID_LIKE=alpine\nVERSION_ID={version}\n'
        f'PRETTY_NAME="Example Linux v{version.rpartition(".")[0]}"\nHOME_URL="https://linux.example.com/"\n',
        "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n",
        "etc/group": "root:x:0:root\nadm:x:4:\nnogroup:x:65533:\n",
        "etc/shadow": file("root:*::0:::::\nnobody:!::0:::::\n", 0o640, gid=42),
        "etc/motd": "Welcome to Example Linux!\n\nThis image is a sample.\n",
        "etc/localtime": symlink("/usr/share/zoneinfo/Etc/UTC"),
        "bin/busybox": program("busybox", arch, 3000),
        "bin/sh": symlink("/bin/busybox"),
        "bin/ls": symlink("/bin/busybox"),
        "bin/hello": file(
            '#!/bin/sh\n# Says hello, and from which machine.\necho "hello from $(uname -m)"\n', 0o755
        ),
        "lib/libc.musl.so.1": program("libc.musl", arch, 2000),
        "root": directory(0o700),
        "tmp": directory(0o1777),
        "usr/share/doc/hello/README.md": prose("hello", 3),
        "usr/share/man/man1/busybox.1": manual("busybox", "the toolbox of small systems"),
        "usr/share/zoneinfo/Etc/UTC": b"TZif2".ljust(44, b"\0") + b"UTC\0\nUTC0\n",
    }
    files["lib/apk/db/installed"] = apk_database(BASE_PACKAGES, files, arch)
    return files


# --- configs ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One line of an image's history: with files it makes a layer, without it changes the config alone."""

    command: str
    files: Files | None = None
    compression: str = "gzip"


def add_image(
    store: StoreBuilder, steps: Sequence[Step], platform: str | Json, config: Json, **more: Any
) -> Json:
    """Layers, config and manifest from steps; `more`: docker, author, manifest_annotations."""
    docker = bool(more.get("docker"))
    made = [store.layer(s.files, s.compression, docker=docker) for s in steps if s.files is not None]
    history = []
    for number, step in enumerate(steps):
        entry: Json = {"created": f"2024-05-14T09:{10 + number:02d}:00Z", "created_by": step.command}
        if not docker:
            entry["comment"] = "buildkit.dockerfile.v0"
        history.append(entry if step.files is not None else {**entry, "empty_layer": True})
    fields: Json = {"author": more.get("author", "Example Platform Team <platform@example.com>")}
    if docker:
        fields |= {"docker_version": "20.10.27", "container": noise("container" + str(platform), 32).hex()}
    document = store.config(made, platform, docker=docker, config=config, history=history, **fields)
    annotations = more.get("manifest_annotations")
    return store.manifest(
        document, made, docker=docker, **({"annotations": annotations} if annotations else {})
    )


def labels(title: str, version: str, about: str, **more: str) -> Json:
    return {
        "org.opencontainers.image.title": title,
        "org.opencontainers.image.description": about,
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.created": CREATED,
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.vendor": "Example Platform Team",
        **more,
    }


PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BASE_STEPS = ("ADD example-minirootfs-3.20.1-{arch}.tar.gz / # buildkit", 'CMD ["/bin/sh"]')


def base_steps(arch: str) -> list[Step]:
    return [Step(BASE_STEPS[0].format(arch=APK_ARCH[arch]), base_files(arch)), Step(BASE_STEPS[1])]


# --- harbor-web: many platforms, attestations, signatures -------------------------------------------------

WEB_LABELS = labels(
    "harbor-web",
    "2.4",
    "A small web server that tells the tides",
    **{
        "org.opencontainers.image.source": SOURCE,
        "org.opencontainers.image.revision": noise("revision", 20).hex(),
        "org.opencontainers.image.base.name": "registry.example.com/platform/base:3.20",
    },
)
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<path fill="#14679e" d="M16 3a4 4 0 0 1 2 7.5V13h5v3h-5v10c4-.6 7-3 8-7h3c-1 6.5-6 10-13 10S4 25.5 3 19'
    'h3c1 4 4 6.4 8 7V16H9v-3h5v-2.5A4 4 0 0 1 16 3z"/></svg>\n'
)
SITE: Files = {
    "srv/www": OPAQUE,
    "srv/www/index.html": "<!doctype html>\n<html lang=en>\n<title>Tides</title>\n"
    "<link rel=stylesheet href=style.css>\n"
    "<img src=logo.svg alt=Harbor width=64>\n"
    "<h1>High water at 14:05</h1>\n<script src=app.js></script>\n</html>\n",
    "srv/www/style.css": "body { font: 16px/1.5 system-ui; margin: 4rem auto; max-width: 40rem }\n"
    "h1 { color: #14679e }\n",
    "srv/www/app.js": "const tide = await fetch('/api/tide').then(r => r.json());\n"
    "document.querySelector('h1').textContent = `High water at ${tide.high}`;\n",
    "srv/www/logo.svg": LOGO,
    "srv/www/données/marées.json": '{"port": "Brest", "high": "14:05", "low": "20:18"}\n',
}
CONF = "listen 8080\nroot /srv/www\nworkers auto\nlog /var/log/harbor/access.log\n"
ENTRYPOINT = '#!/bin/sh\nset -e\n[ "$1" = harbord ] && set -- "$@" -c /etc/harbor/harbor.conf\nexec "$@"\n'


def web_files(arch: str) -> Files:
    """The layer of the packages, which also leaves a cache behind for the next one to remove."""
    files: dict[str, Entry | bytes | str] = {
        "etc/harbor/harbor.conf": CONF,
        "etc/harbor/mime.types": "text/html html htm\ntext/css css\n"
        "image/svg+xml svg\napplication/json json\n",
        "srv/www/index.html": "<h1>It works!</h1>\n",
        "srv/www/placeholder.txt": "replaced by the site\n",
        "usr/lib/libharbor.so.2.4.0": program("libharbor", arch, 6000),
        "usr/lib/libharbor.so.2": symlink("libharbor.so.2.4.0"),
        "usr/sbin/harbord": program("harbord", arch, 9000),
        "usr/sbin/harbor-reload": hardlink("usr/sbin/harbord"),
        "usr/share/doc/harbor-web/MANUAL.md": prose("harbord", 8),
        "usr/share/doc/harbor-web/changelog": prose("changelog", 4),
        "var/cache/apk/APKINDEX.7b32a1f0.tar.gz": noise("index", 4000),
        "var/log/harbor": directory(0o750, 101, 101),
    }
    both = {**base_files(arch), **files}
    return {**files, "lib/apk/db/installed": apk_database((*BASE_PACKAGES, *WEB_PACKAGES), both, arch)}


WEB_CLEAN: Files = {
    "var/cache/apk/APKINDEX.7b32a1f0.tar.gz": WHITEOUT,
    "usr/share/doc/harbor-web/changelog": WHITEOUT,
    "etc/motd": WHITEOUT,
    "usr/share/man": OPAQUE,
    "usr/share/man/man8/harbord.8": manual("harbord", "serves the tides", 8),
}


def web_steps(platform: str) -> list[Step]:
    arch = platform.split("/")[1]
    entry: Files = {
        "docker-entrypoint.sh": file(ENTRYPOINT, 0o755, 101, 101),
        "etc/harbor/harbor.conf": CONF + "health /healthz\n",
    }
    return [
        *base_steps(arch),
        Step("ENV HARBOR_VERSION=2.4.1"),
        Step("RUN /bin/sh -c apk add harbor-web=2.4.1-r0 # buildkit", web_files(arch)),
        Step("RUN /bin/sh -c rm -rf /var/cache/apk/* /etc/motd /usr/share/man/* # buildkit", WEB_CLEAN),
        Step("COPY site/ /srv/www/ # buildkit", SITE),
        Step("COPY docker-entrypoint.sh / # buildkit", entry),
        Step("EXPOSE map[8080/tcp:{}]"),
        Step('ENTRYPOINT ["/docker-entrypoint.sh"]'),
        Step('CMD ["harbord"]'),
    ]


WEB_CONFIG: Json = {
    "User": "101:101",
    "ExposedPorts": {"8080/tcp": {}, "9100/tcp": {}},
    "Env": [PATH, "HARBOR_VERSION=2.4.1", "LANG=C.UTF-8", "HARBOR_SESSION_SECRET=not-a-real-secret"],
    "Entrypoint": ["/docker-entrypoint.sh"],
    "Cmd": ["harbord"],
    "Volumes": {"/var/log/harbor": {}},
    "WorkingDir": "/srv/www",
    "Labels": WEB_LABELS,
    "StopSignal": "SIGQUIT",
}


def windows_steps() -> list[Step]:
    system = "Files/Windows/System32"
    base: Files = {
        f"{system}/license.rtf": "{\\rtf1\\ansi A sample. No part of any Windows is in it.}\r\n",
        f"{system}/drivers/etc/hosts": "127.0.0.1 localhost\r\n",
        f"{system}/cmd.exe": windows_program("cmd", 3000),
        "Hives/System_Base": b"regf" + noise("hive", 1500),
    }
    web: Files = {
        "Files/harbor/harbord.exe": windows_program("harbord", 8000),
        "Files/harbor/harbor.conf": CONF.replace("\n", "\r\n"),
        "Files/harbor/setup.log": "installing harbor-web 2.4.1 ... done\r\n",
        "Hives/System_Delta": b"regf" + noise("delta", 600),
    }
    clean: Files = {"Files/harbor/setup.log": WHITEOUT, "Files/harbor/www/index.html": "<h1>Tides</h1>\r\n"}
    return [
        Step("Apply image 10.0.20348.2582", base),
        Step("RUN cmd /S /C harbor-setup.exe /quiet", web),
        Step("COPY site C:\\\\harbor\\\\www && del setup.log", clean),
        Step('ENTRYPOINT ["C:\\\\harbor\\\\harbord.exe"]'),
    ]


WINDOWS_CONFIG: Json = {
    "User": "ContainerUser",
    "ExposedPorts": {"8080/tcp": {}},
    "Env": ["PATH=C:\\Windows\\System32;C:\\harbor", "HARBOR_VERSION=2.4.1"],
    "Entrypoint": ["C:\\harbor\\harbord.exe"],
    "WorkingDir": "C:\\harbor",
    "Labels": WEB_LABELS,
}


def purl(package: Package, arch: str) -> str:
    return f"pkg:apk/example/{package.name}@{package.version}?arch={APK_ARCH[arch]}"


def spdx(platform: str) -> Json:
    arch = platform.split("/")[1]
    packages = [
        {
            "name": package.name,
            "SPDXID": f"SPDXRef-Package-{package.name}",
            "versionInfo": package.version,
            "supplier": "Organization: Example Packagers",
            "downloadLocation": f"https://{package.name}.example.com/",
            "licenseConcluded": package.licence,
            "licenseDeclared": package.licence,
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": purl(package, arch),
                }
            ],
        }
        for package in (*BASE_PACKAGES, *WEB_PACKAGES)
    ]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "sbom",
        "documentNamespace": f"https://sbom.example.com/harbor-web/2.4/{platform}",
        "creationInfo": {"created": CREATED, "creators": ["Tool: example-sbom-1.4.0"]},
        "packages": packages,
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relatedSpdxElement": package["SPDXID"],
                "relationshipType": "DESCRIBES",
            }
            for package in packages
        ],
    }


def provenance(platform: str) -> Json:
    base = {"sha256": noise("base" + platform, 32).hex()}
    revision = {"sha1": WEB_LABELS["org.opencontainers.image.revision"]}
    source = {"uri": f"{SOURCE}.git#refs/tags/v2.4.1", "digest": revision}
    return {
        "builder": {"id": "https://ci.example.com/harbor/web/runs/1284"},
        "buildType": "https://mobyproject.org/buildkit@v1",
        "materials": [{"uri": "pkg:docker/registry.example.com/platform/base@3.20", "digest": base}, source],
        "invocation": {
            "configSource": {**source, "entryPoint": "Dockerfile"},
            "parameters": {"frontend": "gateway.v0", "args": {"build-arg:HARBOR_VERSION": "2.4.1"}},
            "environment": {"platform": platform},
        },
        "metadata": {
            "buildInvocationID": noise("run" + platform, 12).hex(),
            "buildStartedOn": "2024-05-14T09:08:11Z",
            "buildFinishedOn": CREATED,
            "completeness": {"parameters": True, "environment": True, "materials": False},
            "reproducible": False,
        },
    }


def attest(store: StoreBuilder, manifest: Json, platform: str) -> Json:
    purl = f"pkg:docker/harbor-web@2.4?platform={platform.replace('/', '%2F')}"
    subject = [{"name": purl, "digest": {"sha256": manifest["digest"].partition(":")[2]}}]
    return store.attestation(
        manifest,
        [
            {"subject": subject, "predicateType": "https://spdx.dev/Document", "predicate": spdx(platform)},
            {
                "subject": subject,
                "predicateType": "https://slsa.dev/provenance/v0.2",
                "predicate": provenance(platform),
            },
        ],
    )


def sigstore_bundle(subject: Json) -> bytes:
    """A signature as cosign 3 stores it. Signature and log entry are noise: it is read, never trusted."""

    def encoded(data: bytes) -> str:
        return base64.b64encode(data).decode()

    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": subject["digest"].partition(":")[2]}}],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "predicate": {},
    }
    entry = {
        "logIndex": "93617424",
        "logId": {"keyId": encoded(noise("log", 32))},
        "kindVersion": {"kind": "dsse", "version": "0.0.1"},
        "integratedTime": "1715679042",
        "canonicalizedBody": encoded(b'{"apiVersion":"0.0.1","kind":"dsse"}'),
    }
    return json_bytes(
        {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"certificate": {"rawBytes": CERTIFICATE}, "tlogEntries": [entry]},
            "dsseEnvelope": {
                "payload": encoded(json_bytes(statement)),
                "payloadType": "application/vnd.in-toto+json",
                "signatures": [{"sig": encoded(noise("signature", 71))}],
            },
        }
    )


def notation_envelope(subject: Json) -> bytes:
    """A signature as notation stores it: a JWS whose payload names the subject."""

    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    target = {key: subject[key] for key in ("mediaType", "digest", "size")}
    protected = {
        "alg": "ES256",
        "cty": "application/vnd.cncf.notary.payload.v1+json",
        "io.cncf.notary.signingScheme": "notary.x509",
        "io.cncf.notary.signingTime": CREATED,
    }
    return json_bytes(
        {
            "payload": encoded(json_bytes({"targetArtifact": target})),
            "protected": encoded(json_bytes(protected)),
            "header": {"x5c": [CERTIFICATE], "io.cncf.notary.signingAgent": "notation-go/1.1.0"},
            "signature": encoded(noise("notation", 64)),
        }
    )


def sign(store: StoreBuilder, index: Json, manifest: Json) -> None:
    """One signature of the index by `subject`, one of the amd64 manifest by containerd's annotation."""
    bundle = "application/vnd.dev.sigstore.bundle.v0.3+json"
    about = {"dev.sigstore.bundle.content": "dsse-envelope", "org.opencontainers.image.created": CREATED}
    store.attach(store.referrer(index, bundle, sigstore_bundle(index), bundle, annotations=about), index)
    thumbprint = hashlib.sha256(base64.b64decode(CERTIFICATE)).hexdigest()
    about = {"io.cncf.notary.x509chain.thumbprint#S256": json.dumps([thumbprint])}
    kind, media_type = "application/vnd.cncf.notary.signature", "application/jose+json"
    notation = store.referrer(manifest, kind, notation_envelope(manifest), media_type, annotations=about)
    store.attach(notation, manifest, "containerd")


def harbor_web(store: StoreBuilder) -> None:
    manifests = {p: add_image(store, web_steps(p), p, WEB_CONFIG) for p in LINUX}
    windows = add_image(store, windows_steps(), WINDOWS, WINDOWS_CONFIG)
    index = store.index(
        [
            *((manifest, platform) for platform, manifest in manifests.items()),
            (windows, WINDOWS),
            *(attest(store, manifest, platform) for platform, manifest in manifests.items()),
        ],
        annotations={"org.opencontainers.image.ref.name": "2.4", "org.opencontainers.image.source": SOURCE},
    )
    store.name("docker.io/library/harbor-web:2.4", index)
    sign(store, index, manifests["linux/amd64"])


# --- the other images -------------------------------------------------------------------------------------


def debian_files(arch: str) -> Files:
    status = "".join(
        f"Package: {name}\nStatus: install ok installed\nSection: {section}\nMaintainer: Example Packagers"
        f" <packages@example.com>\nArchitecture: {arch}\nVersion: {version}\nDescription: {about}\n\n"
        for name, section, version, about in (
            ("base-files", "admin", "12.4+ex12u5", "Base system miscellaneous files"),
            ("libc6", "libs", "2.36-9+ex12u7", "GNU C Library: Shared libraries"),
            ("python3.11-minimal", "python", "3.11.2-6", "Minimal subset of the Python language"),
        )
    )
    return {
        "etc/os-release": 'PRETTY_NAME="Example OS 12"\nID=exampleos\nID_LIKE=debian\nVERSION_ID="12"\n',
        "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n"
        "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n",
        "bin": symlink("usr/bin"),
        "usr/bin/hello": file("#!/bin/sh\necho hello\n", 0o755),
        "usr/bin/python3.11": program("python3.11", arch, 5000),
        "usr/bin/python3": symlink("python3.11"),
        "usr/lib/libc.so.6": program("libc", arch, 3000),
        "usr/share/doc/base-files/README": prose("base-files", 3),
        "var/lib/dpkg/status": status,
        "var/lib/dpkg/info/base-files.list": "/.\n/etc\n/etc/os-release\n/usr/share/doc/base-files/README\n",
        f"var/lib/dpkg/info/libc6:{arch}.list": "/.\n/usr/lib/libc.so.6\n",
        "var/lib/dpkg/info/python3.11-minimal.list": "/.\n/usr/bin/python3.11\n",
        "var/lib/apt/lists/example_dists_bookworm_InRelease": prose("lists", 6),
    }


def legacy_steps(arch: str) -> list[Step]:
    nop = "/bin/sh -c #(nop) "
    app: Files = {
        "opt/api/app.py": "from http.server import HTTPServer\n\nfrom handlers import Api\n\n"
        'HTTPServer(("", 5000), Api).serve_forever()\n',
        "opt/api/handlers.py": "from http.server import BaseHTTPRequestHandler\n\n\n"
        "class Api(BaseHTTPRequestHandler):\n    def do_GET(self):\n        self.send_response(204)\n",
        "opt/api/requirements.txt": "flask==2.0.3\nrequests==2.26.0\n",
        "opt/api/debug.log": "DEBUG " * 200,
    }
    clean: Files = {"opt/api/debug.log": WHITEOUT, "var/lib/apt/lists": OPAQUE}
    return [
        Step(
            nop + "ADD file:5d673d25da3a14ce1f6cf66e4c7fd4f4b85a3759a9d93efb3fd9ff852b5b56e4 in / ",
            debian_files(arch),
        ),
        Step(nop + ' CMD ["bash"]'),
        Step(nop + " ENV API_PORT=5000 DATABASE_PASSWORD=example-only"),
        Step(nop + "COPY dir:9f8a1b4be6f0c0de71b1dc2d3d8f3a6a in /opt/api ", app),
        Step("/bin/sh -c rm -rf /var/lib/apt/lists/* /opt/api/debug.log", clean),
        Step(nop + " EXPOSE 5000"),
        Step(nop + ' CMD ["python3" "/opt/api/app.py"]'),
    ]


def legacy_api(store: StoreBuilder) -> None:
    config = {
        "Hostname": "",
        "Env": [PATH, "API_PORT=5000", "DATABASE_PASSWORD=example-only"],
        "Cmd": ["python3", "/opt/api/app.py"],
        "ExposedPorts": {"5000/tcp": {}},
        "WorkingDir": "/opt/api",
        "Labels": {"maintainer": "api@example.com", **labels("legacy-api", "1.9", "An API from before OCI")},
    }
    platforms = ("linux/amd64", "linux/arm64/v8")
    made = [(add_image(store, legacy_steps(p.split("/")[1]), p, config, docker=True), p) for p in platforms]
    store.name("docker.io/library/legacy-api:1.9", store.index(made, docker=True))


def nested_base(store: StoreBuilder) -> None:
    def inner(platforms: Sequence[str], tier: str) -> Json:
        config = {"Env": [PATH], "Cmd": ["/bin/sh"], "Labels": labels("base", "3.20", "What others build on")}
        made = [(add_image(store, base_steps(p.split("/")[1]), p, config), p) for p in platforms]
        index = store.index(made, annotations={"com.example.tier": tier})
        return {**index, "annotations": {"com.example.tier": tier}}

    first = inner(("linux/amd64", "linux/arm64/v8"), "supported")
    second = inner(("linux/ppc64le", "linux/s390x"), "community")
    store.name("registry.example.com/platform/base:nested", store.index([first, second]))


def zstd_tool(store: StoreBuilder) -> None:
    tool: Files = {
        "usr/bin/ztool": program("ztool", "amd64", 7000),
        "usr/share/doc/ztool/GUIDE.md": prose("ztool", 10),
        "usr/share/ztool/table.bin": bytes(40_000),
    }
    steps = [
        *base_steps("amd64"),
        Step("COPY ztool /usr/ # buildkit", tool, "zstd-plain"),
        Step('ENTRYPOINT ["ztool"]'),
    ]
    config = {"Env": [PATH], "Entrypoint": ["ztool"], "Labels": labels("zstd-tool", "0.3", "A layer in zstd")}
    store.name("ghcr.io/example/zstd-tool:0.3", add_image(store, steps, "linux/amd64", config))


def sparse_cache(store: StoreBuilder) -> None:
    def steps(arch: str) -> list[Step]:
        cache: Files = {"usr/bin/cached": program("cached", arch, 4000), "etc/cached.conf": "port 6379\n"}
        return [*base_steps(arch), Step("COPY cached /usr/ # buildkit", cache), Step('CMD ["cached"]')]

    config = {
        "Env": [PATH],
        "Cmd": ["cached"],
        "ExposedPorts": {"6379/tcp": {}},
        "Labels": labels("sparse-cache", "7", "Pulled for one platform of two"),
    }
    here = add_image(store, steps("amd64"), "linux/amd64", config)
    kept = set(store.blobs)
    older = [Step("ADD example-minirootfs-3.19.0-aarch64.tar.gz / # buildkit", base_files("arm64", "3.19.0"))]
    there = add_image(store, older + steps("arm64")[1:], "linux/arm64/v8", config)
    for layer in json.loads(store.blobs[there["digest"]])["layers"]:
        assert layer["digest"] not in kept, "another image needs this layer"
        store.drop(layer)
    store.name(
        "docker.io/library/sparse-cache:7", store.index([(here, "linux/amd64"), (there, "linux/arm64/v8")])
    )


def broken_job(store: StoreBuilder) -> None:
    job: Files = {
        "opt/job/run.sh": file("#!/bin/sh\nexec /opt/job/crunch\n", 0o755),
        "opt/job/crunch": program("crunch", "amd64", 5000),
    }
    steps = [
        *base_steps("amd64"),
        Step("COPY job/ /opt/job/ # buildkit", job),
        Step("COPY data/ /var/lib/job/ # buildkit", {"var/lib/job/input.csv": "id,tonnes\n1,4200\n2,1875\n"}),
        Step('CMD ["/opt/job/run.sh"]'),
    ]
    config = {
        "Env": [PATH, "JOB_QUEUE=nightly"],
        "Cmd": ["/opt/job/run.sh"],
        "Labels": labels("broken-job", "1", "Damaged on disk"),
    }
    manifest = add_image(store, steps, "linux/amd64", config)
    store.flip(json.loads(store.blobs[manifest["digest"]])["layers"][1], at=2048)
    store.name("registry.example.com/team/broken-job:1", manifest)


def small(store: StoreBuilder, title: str, version: str, about: str, platform: str = "linux/amd64") -> Json:
    """A base layer and one script on top."""
    script = file(f"#!/bin/sh\necho {title} {version}\n", 0o755)
    steps = [
        *base_steps(platform_of(platform)["architecture"]),
        Step(f"COPY {title} /usr/bin/ # buildkit", {f"usr/bin/{title}": script}),
        Step(f'CMD ["{title}"]'),
    ]
    return add_image(
        store, steps, platform, {"Env": [PATH], "Cmd": [title], "Labels": labels(title, version, about)}
    )


def other_names(store: StoreBuilder) -> None:
    """By tag and digest, by digest alone, and by a bare tag."""
    pinned = [(small(store, "pinned", "1.2", "Named by tag and digest", p), p) for p in LINUX[:2]]
    index = store.index(pinned)
    store.name(f"registry.example.com/team/pinned:1.2@{index['digest']}", index)
    store.root(small(store, "nightly", "20240514", "Has no name at all"))
    store.ref("edge", small(store, "edge", "0.0.1", "Has a tag, but no repository"))


def build() -> StoreBuilder:
    store = StoreBuilder()
    for add in (harbor_web, legacy_api, nested_base, zstd_tool, sparse_cache, broken_job, other_names):
        add(store)
    return store


def main(arguments: Sequence[str]) -> None:
    folder = Path(arguments[0]) if arguments else HERE / "sample-store"
    shutil.rmtree(folder / "blobs", ignore_errors=True)
    build().write_layout(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
