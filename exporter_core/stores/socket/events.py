"""Word of changes from the daemon: ``Events.Subscribe``, many events in one word, again after a restart.

containerd tells nothing of leases (and of new content only since version 2): those of leases are counted
every few seconds, an image that came with its content tells for both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

from exporter_core.stores.socket import containerd_pb2 as api
from exporter_core.stores.socket.client import CallError, Client, Stream
from exporter_core.stores.watching import pause

_SETTLE = 0.2  # seconds that follow an event and bring others with it
_LOOK = 3.0  # seconds between two looks at the leases
_TURN = 0.1
_AGAIN = 0.5  # seconds between two tries to reach a daemon that is gone
_TOPICS = "images|content|leases|snapshot|containers|sandboxes"


def changes(client: Client, namespace: str, stop: Callable[[], bool]) -> Iterator[None]:
    """See MetadataStore.changes."""
    while not stop():
        with suppress(CallError), closing(_subscribed(client, namespace)) as stream:
            yield from _told(client, namespace, stream, stop)
        pause(_AGAIN, stop)


def _subscribed(client: Client, namespace: str) -> Stream[api.Envelope]:
    """The events, of a daemon that answers. Raises CallError."""
    quoted = namespace.replace("\\", "\\\\").replace('"', '\\"')
    filters = ['topic~="^/namespaces/"', f'namespace=="{quoted}",topic~="^/({_TOPICS})/"']
    stream = client.stream("events.v1.Events/Subscribe", api.Filters(filters=filters), api.Envelope)
    try:
        client.call("version.v1.Version/Version", api.Empty(), api.VersionResponse)
    except CallError:
        stream.close()
        raise
    return stream


def _told(
    client: Client, namespace: str, stream: Stream[api.Envelope], stop: Callable[[], bool]
) -> Iterator[None]:
    """One None at first and for each burst of events. Raises CallError where the daemon goes away."""
    leases = _leases(client, namespace)
    yield None
    looked = time.monotonic()
    while not stop():
        if stream.ready(_TURN):
            _drain(stream, stop)
            yield None
        elif time.monotonic() - looked > _LOOK:
            before, leases = leases, _leases(client, namespace)
            looked = time.monotonic()
            if leases != before:
                yield None


def _drain(stream: Stream[api.Envelope], stop: Callable[[], bool]) -> None:
    """Take the events of a burst; one that does not end is cut after a second."""
    until = time.monotonic() + 5 * _SETTLE
    while not stop() and stream.ready(_SETTLE) and time.monotonic() < until:
        if stream.take() is None:
            raise CallError("UNAVAILABLE", "the events have ended")


def _leases(client: Client, namespace: str) -> bytes:
    """All leases, to compare with later. Raises CallError."""
    found = client.call("leases.v1.Leases/List", api.Filters(), api.ListLeasesResponse, namespace=namespace)
    return b"".join(sorted(lease.SerializeToString(deterministic=True) for lease in found.leases))
