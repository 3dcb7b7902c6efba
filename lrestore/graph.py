"""A dependency graph without Looker terms: nodes, edges, ready nodes and circles.

Nodes are any hashable values. An edge ``(node, needs)`` makes ``node`` wait until ``needs`` is settled. Needed nodes
that are not in the graph are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import Any, Generic, TypeVar

Node = TypeVar("Node", bound=Hashable)


class DependencyGraph(Generic[Node]):
    """The items of a run and what they need: the specification's entity ``DependencyGraph``. It is not persisted:
    every start builds it again from the backup.

    It hands out each node when all nodes that it needs are settled, in the order of ``priority``. Failures do not
    spread here: the caller decides what a failed need means. Memory: one number per node, one entry per edge.
    """

    def __init__(
        self,
        nodes: Iterable[Node],
        needs: Mapping[Node, Iterable[Node]],
        priority: Callable[[Node], Any],
    ) -> None:
        self._priority = priority
        self._waiting: dict[Node, int] = {}
        self._wanted_by: dict[Node, list[Node]] = {}
        known = dict.fromkeys(nodes)
        for node in known:
            needed = {other for other in needs.get(node, ()) if other in known and other != node}
            self._waiting[node] = len(needed)
            for other in needed:
                self._wanted_by.setdefault(other, []).append(node)
        self._ready = [(priority(node), index, node) for index, node in enumerate(known) if not self._waiting[node]]
        heapify(self._ready)
        self._count = len(known)
        self._handed_out: set[Node] = set()
        self._apart: set[Node] = set()
        self._later: set[Node] = set()

    def take(self) -> Node | None:
        """The next ready node; None while all others wait or are handed out."""
        if not self._ready and not self._handed_out and not self._apart:
            self._recall()
        while self._ready:
            node = heappop(self._ready)[2]
            if node in self._waiting:
                self._handed_out.add(node)
                return node
        return None

    def withdraw(self, node: Node) -> None:
        """Set aside a node whose holder died: only :meth:`hold` hands it out again."""
        self._handed_out.discard(node)
        self._apart.add(node)

    def hold(self, node: Node) -> bool:
        """Hand out a withdrawn node; False if it has been settled meanwhile."""
        self._apart.discard(node)
        if node not in self._waiting:
            return False
        self._handed_out.add(node)
        return True

    def pass_on(self, node: Node) -> None:
        """Release the nodes that need this one. It is handed out again after all others are settled."""
        if node in self._handed_out:
            self._handed_out.discard(node)
            self._later.add(node)
            self._release(node)

    def _recall(self) -> None:
        """Make the nodes that were passed on ready, if no others are unsettled. Stuck nodes come first."""
        if self._later and len(self._later) == len(self._waiting):
            for node in self._later:
                heappush(self._ready, (self._priority(node), self._next(), node))
            self._later.clear()

    def settle(self, node: Node) -> bool:
        """Mark the node as done, with or without success: nodes that waited for it alone become ready.

        False if it was settled before.
        """
        if self._waiting.pop(node, None) is None:
            return False
        self._handed_out.discard(node)
        self._later.discard(node)
        self._release(node)
        return True

    def _release(self, node: Node) -> None:
        for other in self._wanted_by.pop(node, ()):
            if self._waiting.get(other):
                self._waiting[other] -= 1
                if not self._waiting[other]:
                    heappush(self._ready, (self._priority(other), self._next(), other))

    def force(self, node: Node) -> None:
        """Make a stuck node ready, as if it needed nothing."""
        if node in self._waiting and node not in self._handed_out:
            self._waiting[node] = 0
            heappush(self._ready, (self._priority(node), self._next(), node))

    @property
    def ready(self) -> int:
        """How many nodes could be taken now."""
        return len(self._ready)

    @property
    def next_ready(self) -> Node | None:
        """The node that :meth:`take` returns next; None if none is ready."""
        while self._ready and self._ready[0][2] not in self._waiting:
            heappop(self._ready)
        return self._ready[0][2] if self._ready else None

    def _next(self) -> int:
        self._count += 1
        return self._count

    def waits(self, node: Node) -> bool:
        """Whether the node is in the graph and not settled."""
        return node in self._waiting

    @property
    def unsettled(self) -> int:
        """How many nodes are not settled yet."""
        return len(self._waiting)

    def stuck(self) -> list[Node]:
        """The nodes that wait for a circle, or are in one; none while a node is ready or handed out."""
        if self._ready or self._handed_out or self._apart:
            return []
        return [node for node in self._waiting if node not in self._later]

    def closing(self) -> list[Node]:
        """The stuck nodes that are in the circles themselves: the others get ready when these are settled."""
        stuck = self.stuck()
        inside = {node for circle in circles(self._wanted_by) for node in circle} if stuck else set()
        return [node for node in stuck if node in inside] or stuck


def circles(needs: Mapping[Node, Iterable[Node]]) -> list[list[Node]]:
    """The strongly connected components that are circles (Tarjan, without recursion): each a list of its nodes."""
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    on_stack: set[Node] = set()
    stack: list[Node] = []
    found: list[list[Node]] = []

    for root in needs:
        if root in index:
            continue
        work = [(root, iter(tuple(needs.get(root, ()))))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(tuple(needs.get(other, ())))))
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    found += _component(node, stack, on_stack, needs)
    return found


def _component(
    node: Node, stack: list[Node], on_stack: set[Node], needs: Mapping[Node, Iterable[Node]]
) -> list[list[Node]]:
    component: list[Node] = []
    while True:
        other = stack.pop()
        on_stack.discard(other)
        component.append(other)
        if other == node:
            break
    is_circle = len(component) > 1 or node in tuple(needs.get(node, ()))
    return [component[::-1]] if is_circle else []
