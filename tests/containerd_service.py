"""containerd's services over blobs in memory, for what the real one does not do on demand.

`Service` answers at a socket as containerd does, for as many namespaces as were added. `refused` names
methods that answer with an error, `silent` those that never answer. tests/interop has the real one.
"""

import itertools
import threading
from collections.abc import Iterator
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from exporter_core.stores.socket import containerd_pb2 as api
from tests.images import IMAGE_NAME, Json, StoreBuilder

PREFIX = "/containerd.services."
PART = 256 * 1024


@dataclass
class Part:
    """A namespace."""

    blobs: dict[str, bytes]
    images: list[api.Image]

    @classmethod
    def of(cls, builder: StoreBuilder) -> "Part":
        named = [root for root in builder.roots if root.get("annotations", {}).get(IMAGE_NAME)]
        return cls(dict(builder.blobs), [image(root["annotations"][IMAGE_NAME], root) for root in named])


def image(name: str, root: Json) -> api.Image:
    target = api.Descriptor(media_type=root["mediaType"], digest=root["digest"], size=root["size"])
    return api.Image(name=name, target=target)


@dataclass
class Service(grpc.GenericRpcHandler):
    """A server at the socket `path`; `methods` are those of others that it has instead of containerd's."""

    path: Path
    parts: dict[str, Part] = field(default_factory=dict)
    refused: dict[str, grpc.StatusCode] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    methods: dict[str, bytes] | None = None
    plugins: list[api.Plugin] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = itertools.count()
        self._released = threading.Event()
        self._server = grpc.server(
            futures.ThreadPoolExecutor(16), handlers=[self], options=[("grpc.max_send_message_length", -1)]
        )
        self._server.add_insecure_port(f"unix:{self.path}")
        self._server.start()

    def add(self, builder: StoreBuilder) -> str:
        """The builder's store as a namespace of its own; its name."""
        name = f"n{next(self._numbers)}"
        self.parts[name] = Part.of(builder)
        return name

    def stop(self) -> None:
        self._released.set()
        self._server.stop(None).wait()

    # --- grpc's side

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        if self.methods is not None:
            answer = self.methods.get(details.method)
            if answer is None:
                return None
            return grpc.unary_unary_rpc_method_handler(lambda request, context: answer)
        method = details.method.removeprefix(PREFIX)
        name = "_" + method.replace(".v1.", "_").replace("/", "_").lower()
        found = getattr(self, name, None)
        if found is None:
            return None

        def handle(request: bytes, context: grpc.ServicerContext) -> Any:
            self._before(method, context)
            namespace = dict(context.invocation_metadata()).get("containerd-namespace", "")
            return found(request, context, self.parts.get(str(namespace), Part({}, [])))

        def answers(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            yield from (one.SerializeToString() for one in handle(request, context))

        if method in ("content.v1.Content/List", "content.v1.Content/Read"):
            return grpc.unary_stream_rpc_method_handler(answers)
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: handle(request, context).SerializeToString()
        )

    def _before(self, method: str, context: grpc.ServicerContext) -> None:
        self.asked.append(method)
        if method in self.refused:
            context.abort(self.refused[method], "refused by the test")
        if method in self.silent:
            self._released.wait(30)

    # --- the services

    def _version_version_version(self, request: bytes, context: Any, part: Part) -> Any:
        return api.VersionResponse(version="v2.9.9")

    def _introspection_introspection_plugins(self, request: bytes, context: Any, part: Part) -> Any:
        return api.PluginsResponse(plugins=self.plugins)

    def _namespaces_namespaces_list(self, request: bytes, context: Any, part: Part) -> Any:
        return api.ListNamespacesResponse(namespaces=[api.Namespace(name=name) for name in self.parts])

    def _images_images_list(self, request: bytes, context: Any, part: Part) -> Any:
        return api.ListImagesResponse(images=part.images)

    def _content_content_info(self, request: bytes, context: Any, part: Part) -> Any:
        digest = api.InfoRequest.FromString(request).digest
        if digest not in part.blobs:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such blob")
        return api.InfoResponse(info=api.ContentInfo(digest=digest, size=len(part.blobs[digest])))

    def _content_content_list(self, request: bytes, context: Any, part: Part) -> Iterator[Any]:
        for digest, data in part.blobs.items():
            yield api.ListContentResponse(info=[api.ContentInfo(digest=digest, size=len(data))])

    def _content_content_read(self, request: bytes, context: Any, part: Part) -> Iterator[Any]:
        data = part.blobs.get(api.ReadContentRequest.FromString(request).digest)
        if data is None:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such blob")
        for at in range(0, len(data), PART):
            yield api.ReadContentResponse(offset=at, data=data[at : at + PART])
