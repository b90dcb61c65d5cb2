"""Which touches are on a path: lookback, order, own touch, unconverted runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adlake.contracts.law import LAW_V1
from adlake.models.rules import Conversion, Path, Touch, paths_of

W = LAW_V1.attribution_window_ms
OWN = Touch("own", "u", "c", W, W)
CONVERSION = Conversion("own", "u", 2 * W, 1)


def names(path: Path) -> list[str]:
    return [step.impression_id for step in path.steps]


def path_with(*others: Touch) -> list[str]:
    """The path of CONVERSION among these touches."""
    return names(paths_of([OWN, *others], [CONVERSION])[0])


@pytest.mark.parametrize(
    ("seen_ms", "is_on_it"),
    [(W - 1, False), (W, True), (W + 1, True), (2 * W, True), (2 * W + 1, False)],
)
def test_both_ends_of_the_lookback_are_in_it(seen_ms: int, is_on_it: bool) -> None:
    assert ("x" in path_with(Touch("x", "u", "c", seen_ms, None))) is is_on_it


def test_a_touch_stands_at_its_latest_moment_before_the_conversion() -> None:
    clicked_in = Touch("x", "u", "c", 0, W + 5)
    clicked_after = Touch("y", "u", "c", W + 1, 2 * W + 1)
    [converting] = paths_of([OWN, clicked_in, clicked_after], [CONVERSION])
    assert [(step.impression_id, step.at_ms) for step in converting.steps] == [
        ("own", W), ("y", W + 1), ("x", W + 5),
    ]  # fmt: skip


def test_the_own_touch_is_on_the_path_whatever_the_lookback() -> None:
    short = replace(LAW_V1, attribution_window_ms=1)
    [path] = paths_of([OWN], [CONVERSION], short)
    assert names(path) == ["own"]


def test_a_conversion_without_its_own_touch_is_refused() -> None:
    with pytest.raises(ValueError, match="own"):
        paths_of([replace(OWN, impression_id="other")], [CONVERSION])
    with pytest.raises(ValueError, match="own"):
        paths_of([replace(OWN, seen_ms=2 * W + 1, clicked_ms=None)], [CONVERSION])


def test_two_different_rows_of_one_impression_are_refused() -> None:
    with pytest.raises(ValueError, match="two different rows of impression own"):
        paths_of([OWN, replace(OWN, campaign_id="d")], [])


def test_touches_of_one_moment_are_in_the_order_of_their_ids() -> None:
    assert path_with(Touch("p", "u", "c", W, None), Touch("n", "u", "c", W, None)) == [
        "n", "own", "p",
    ]  # fmt: skip


def test_one_touch_helps_every_conversion_that_follows() -> None:
    first, second = Touch("a", "u", "c", 1, 1), Touch("b", "u", "c", 2, 2)
    paths = paths_of([first, second], [Conversion("b", "u", 4, 1), Conversion("a", "u", 3, 1)])
    assert [(path.conversion, names(path)) for path in paths] == [
        (Conversion("a", "u", 3, 1), ["a", "b"]),
        (Conversion("b", "u", 4, 1), ["a", "b"]),
    ]


def test_touches_that_led_to_nothing_make_runs_without_a_gap_beyond_the_lookback() -> None:
    moments = {"a": 0, "b": W, "c": W + 1, "d": 2 * W + 2}
    touches = [Touch(name, "u", "c", at, None) for name, at in moments.items()]
    assert [names(path) for path in paths_of(touches, [])] == [["a", "b", "c"], ["d"]]
    assert all(path.conversion is None for path in paths_of(touches, []))


def test_what_helped_a_conversion_is_in_no_unconverted_path() -> None:
    before, after = Touch("x", "u", "c", 0, None), Touch("z", "u", "c", 2 * W + 1, None)
    paths = paths_of([OWN, before, after], [CONVERSION])
    assert [names(path) for path in paths] == [["own"], ["x"], ["z"]]


def test_users_do_not_mix_and_nobody_known_is_a_user_of_his_own() -> None:
    touches = [
        Touch("a", "u", "c", 0, 0), Touch("b", "v", "c", 0, 0), Touch("c", None, "c", 0, 0),
        Touch("d", None, "c", 0, 0),
    ]  # fmt: skip
    paths = paths_of(touches, [Conversion("c", None, 1, 1)])
    assert [names(path) for path in paths] == [["c"], ["d"], ["a"], ["b"]]
    # An impression that is called like a user is not that user.
    twins = [Touch("u", None, "c", 0, 0), Touch("a", "u", "c", 0, 0)]
    assert [names(path) for path in paths_of(twins, [])] == [["u"], ["a"]]


def test_an_ad_that_nobody_saw_or_clicked_is_no_touch() -> None:
    assert paths_of([Touch("x", "u", "c", None, None)], []) == []


def test_the_lookback_is_that_of_the_time_of_the_conversion() -> None:
    longer = replace(LAW_V1, window_changes=((2 * W, 2 * W),))
    early = Touch("x", "u", "c", 0, None)
    assert names(paths_of([OWN, early], [CONVERSION], longer)[0]) == ["x", "own"]
    sooner = replace(CONVERSION, ts_ms=2 * W - 1)
    assert names(paths_of([OWN, early], [sooner], longer)[0]) == ["own"]
