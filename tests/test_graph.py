"""The graph: nothing before what it needs, everything once, circles found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lrestore.graph import DependencyGraph, circles

EDGES = st.dictionaries(st.integers(0, 12), st.sets(st.integers(0, 12), max_size=4), max_size=13)


def by_number(node: int) -> tuple[int]:
    return (node,)


@given(EDGES)
def test_every_node_of_an_acyclic_graph_comes_once_and_after_what_it_needs(edges: dict[int, set[int]]) -> None:
    needs = {node: {other for other in others if other < node} for node, others in edges.items()}
    ready = DependencyGraph(needs, needs, by_number)
    order: list[int] = []
    while (node := ready.take()) is not None:
        assert all(other in order for other in needs[node] if other in needs)
        order.append(node)
        ready.settle(node)
    assert sorted(order) == sorted(needs)
    assert not ready.stuck()
    assert ready.unsettled == 0


@given(EDGES)
def test_what_is_stuck_is_just_what_waits_for_a_circle(edges: dict[int, set[int]]) -> None:
    ready = DependencyGraph(edges, edges, by_number)
    done: set[int] = set()
    while (node := ready.take()) is not None:
        done.add(node)
        ready.settle(node)
    known = {node: {other for other in others if other in edges and other != node} for node, others in edges.items()}
    in_circles = {node for circle in circles(known) for node in circle}
    assert set(ready.stuck()) == set(edges) - done
    assert in_circles <= set(ready.stuck())
    assert bool(in_circles) == bool(ready.stuck())


@given(EDGES)
def test_nodes_that_wait_for_a_circle_come_after_it(edges: dict[int, set[int]]) -> None:
    needs = {node: {other for other in others if other in edges and other != node} for node, others in edges.items()}
    in_circles = {node for circle in circles(needs) for node in circle}
    ready = DependencyGraph(edges, edges, by_number)
    order: list[int] = []
    while ready.unsettled:
        node = ready.take()
        if node is None:
            closing = ready.closing()
            assert closing and set(closing) <= in_circles
            for one in closing:
                ready.force(one)
        else:
            order.append(node)
            ready.settle(node)
    assert sorted(order) == sorted(edges)
    for node in set(edges) - in_circles:
        assert all(order.index(other) < order.index(node) for other in needs[node])


@given(EDGES)
def test_circles_are_those_that_a_naive_search_finds(edges: dict[int, set[int]]) -> None:
    def reachable(start: int) -> set[int]:
        seen: set[int] = set()
        todo = list(edges.get(start, ()))
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo += edges.get(node, ())
        return seen

    naive = {node for node in edges if node in reachable(node)}
    found = {node for circle in circles(edges) for node in circle}
    assert found == naive


def test_priority_decides_among_the_ready() -> None:
    ready = DependencyGraph([3, 1, 2], {1: [3]}, by_number)
    assert ready.take() == 2
    assert ready.take() == 3
    ready.settle(3)
    assert ready.take() == 1


def test_a_deep_chain_needs_no_recursion() -> None:
    chain = {node: [node - 1] for node in range(1, 50_000)}
    assert circles(chain) == []


@given(EDGES, st.sets(st.integers(0, 12)))
def test_what_is_passed_on_releases_others_at_once_and_comes_again_last(
    edges: dict[int, set[int]], passed_on: set[int]
) -> None:
    needs = {node: {other for other in others if other < node} for node, others in edges.items()}
    ready = DependencyGraph(needs, needs, by_number)
    turns: list[int] = []
    while (node := ready.take()) is not None:
        assert all(other in turns for other in needs[node] if other in needs)
        if node in passed_on and node not in turns:
            assert not set(turns) >= set(needs)
            ready.pass_on(node)
        else:
            ready.settle(node)
        turns.append(node)
    assert sorted(turns) == sorted([*needs, *(passed_on & needs.keys())])
    assert ready.unsettled == 0
    firsts = len(needs)
    assert set(turns[:firsts]) == set(needs)


def test_a_node_that_comes_again_may_be_lost_with_its_holder_and_comes_once_more() -> None:
    ready: DependencyGraph[int] = DependencyGraph([1, 2], {}, by_number)
    ready.pass_on(ready.take() or 0)
    ready.settle(ready.take() or 0)
    assert ready.take() == 1
    ready.withdraw(1)
    assert ready.take() is None
    assert ready.hold(1)
    assert ready.settle(1)
    assert ready.unsettled == 0


def test_in_a_circle_those_passed_on_wait_until_it_is_broken() -> None:
    ready: DependencyGraph[int] = DependencyGraph([1, 2, 3], {2: [3], 3: [2]}, by_number)
    ready.pass_on(ready.take() or 0)
    assert ready.take() is None
    assert ready.stuck() == [2, 3]
    ready.force(2)
    ready.settle(ready.take() or 0)
    ready.settle(ready.take() or 0)
    assert ready.take() == 1
