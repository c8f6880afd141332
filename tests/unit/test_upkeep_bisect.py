"""The search of a bisection: few tries, near the middle, cheap ones first."""

from __future__ import annotations

import math
import random

import pytest

from ascendtorch.upkeep.probe import Search


def series(count: int) -> tuple[frozenset[str], ...]:
    return tuple(frozenset({f"f{number}"}) for number in range(count))


def run(search: Search, results: dict[int, str]) -> tuple[Search, list[int]]:
    order = []
    while (prefix := search.next()) is not None:
        assert prefix not in order, "nothing is tried twice"
        order.append(prefix)
        search = search.tried(prefix, results[prefix])
    return search, order


def outcomes(count: int, culprit: int) -> dict[int, str]:
    """What each prefix gives when a patch (from 1) breaks it; 0 breaks it without any."""
    return {n: "bad" if n >= culprit else "good" for n in range(count + 1)}


@pytest.mark.parametrize("count", [1, 2, 3, 8, 100])
def test_every_culprit_is_found_in_few_tries(count: int) -> None:
    for culprit in range(1, count + 1):
        search, order = run(Search(series(count), count), outcomes(count, culprit))
        assert (search.state, list(search.suspects())) == ("found", [culprit])
        assert len(order) <= math.ceil(math.log2(count + 1)) * 1.5 + 2


def test_the_whole_series_comes_first_and_the_pin_only_if_it_matters() -> None:
    _, order = run(Search(series(8), 8), outcomes(8, 6))
    assert order[0] == 8
    assert 0 not in order
    _, order = run(Search(series(8), 8), outcomes(8, 1))
    assert order[-1] == 0


def test_no_patch_is_to_blame() -> None:
    search, order = run(Search(series(4), 4), dict.fromkeys(range(5), "good"))
    assert (search.state, order) == ("works", [4])
    search, order = run(Search(series(4), 4), dict.fromkeys(range(5), "bad"))
    assert (search.state, order[-1], list(search.suspects())) == ("broken", 0, [])


def test_a_series_without_patches() -> None:
    search, order = run(Search((), 0), {0: "bad"})
    assert (search.state, order) == ("broken", [0])


def test_what_is_skipped_stays_suspected() -> None:
    results = outcomes(6, 4) | {3: "skip", 4: "skip"}
    search, _ = run(Search(series(6), 6), results)
    assert (search.state, list(search.suspects())) == ("unclear", [3, 4, 5])
    search, order = run(Search(series(6), 6), dict.fromkeys(range(7), "skip"))
    assert (search.state, order) == ("unclear", [6])


def test_a_skipped_prefix_beside_the_culprit_does_no_harm() -> None:
    search, _ = run(Search(series(9), 9), outcomes(9, 7) | {3: "skip", 4: "skip", 5: "skip"})
    assert (search.state, list(search.suspects())) == ("found", [7])


def test_known_to_be_good_is_not_tried() -> None:
    search, order = run(Search(series(8), 8, good=5, proven=True), outcomes(8, 6))
    assert (search.state, list(search.suspects())) == ("found", [6])
    assert min(order) > 5


def test_among_near_prefixes_the_cheapest_comes_first() -> None:
    files = [frozenset({"same.cpp"}) for _ in range(16)]
    # From the end, the way to the middle leads over a patch that changes much.
    files[7] = frozenset(f"header{n}.h" for n in range(50))
    search = Search(tuple(files), 16).tried(16, "bad")
    assert search.cost(8) == 1
    assert search.cost(7) == 51
    assert search.next() == 8
    files[8] = files.pop(7)
    files.insert(7, frozenset({"same.cpp"}))
    search = Search(tuple(files), 16).tried(16, "bad")
    assert search.cost(8) > search.cost(10)
    assert search.next() in (9, 10)


def test_random_skips_never_name_a_wrong_patch() -> None:
    rng = random.Random(6)
    for _ in range(300):
        count = rng.randint(1, 20)
        culprit = rng.randint(0, count)
        results = {
            n: "skip" if rng.random() < 0.3 else result
            for n, result in outcomes(count, culprit).items()
        }
        search, _ = run(Search(series(count), count), results)
        if search.state == "found":
            assert list(search.suspects()) == [culprit]
        elif search.state == "broken":
            assert culprit == 0
        elif culprit:
            assert search.state == "unclear"
            assert culprit in search.suspects()
