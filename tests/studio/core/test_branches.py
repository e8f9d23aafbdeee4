"""The tree of generations as a value."""

from __future__ import annotations

from studio.core.branches import Branch, Tree

TREE = Tree(
    "a",
    (
        Branch("a"),
        Branch("b", "a", 9),
        Branch("c", "b", 14),
        Branch("d", "b", 4),
        Branch("e", "a", 3),
        Branch("f", "a", 12),
        Branch("g", "a", 3),
    ),
)


def test_forks_are_where_others_leave_the_steps_of_a_branch() -> None:
    assert TREE.forks("a") == {9: 1, 3: 2, 12: 1}
    assert TREE.forks("e") == {3: 1}


def test_forks_before_a_branch_left_count_and_those_behind_do_not() -> None:
    assert TREE.forks("b") == {3: 2, 14: 1, 4: 1}
    assert TREE.forks("c") == {3: 2, 4: 1}
    assert TREE.forks("nobody") == {}
