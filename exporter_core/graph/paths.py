"""Ways through an image: from the numbers of children to the nodes on the way, from a digest to its place."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from exporter_core.errors import Cancelled
from exporter_core.graph.nodes import Documents, Node, expand
from exporter_core.progress import breathe

Path = tuple[int, ...]
"""Numbers of children from the root of an image down; () is the root."""


def nodes_along(store: Documents, root: Node, path: Path) -> list[Node]:
    """The nodes from ``root`` to the end of ``path``, all but the last one expanded; it ends early where
    the image has no such place. Reads documents; never raises for bad content.
    """
    nodes = [root]
    for number in path:
        nodes[-1] = expand(store, nodes[-1])
        children = nodes[-1].children or ()
        if not 0 <= number < len(children):
            break
        nodes.append(children[number])
    return nodes


def path_of(
    store: Documents, root: Node, digest: str, *, stop: Callable[[], bool] = lambda: False
) -> Path | None:
    """The shortest way from ``root`` to the first node with ``digest``; None where there is none below it.

    Reads documents; ``stop`` is asked before each. Raises Cancelled where it is true, never for bad content.
    """
    queue: deque[tuple[Node, Path]] = deque([(root, ())])
    entered: set[str] = set()
    while queue:
        node, path = queue.popleft()
        breathe()
        if node.digest_text == digest:
            return path
        if node.digest_text in entered or node.children == ():
            continue
        if stop():
            raise Cancelled("the search in the image was stopped")
        entered.add(node.digest_text)
        queue.extend((child, (*path, i)) for i, child in enumerate(expand(store, node).children or ()))
    return None


def path_near(
    store: Documents, root: Node, here: Path, digest: str, *, stop: Callable[[], bool] = lambda: False
) -> Path | None:
    """The way to ``digest`` in the image of ``root``: below ``here`` if it is there, else anywhere; None if
    nowhere. Raises Cancelled, as :func:`path_of`.
    """
    node = nodes_along(store, root, here)[-1]
    below = path_of(store, node, digest, stop=stop) if here and node.digest_text != digest else None
    return (*here, *below) if below is not None else path_of(store, root, digest, stop=stop)
