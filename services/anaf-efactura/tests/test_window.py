"""The interval of a list against clocks that differ."""

from datetime import UTC, datetime, timedelta

import pytest

from anaf_efactura.window import Window
from workers_anaf.refusals import classify_text

END = datetime(2026, 7, 30, 12, 15, 28, tzinfo=UTC)
WINDOW = Window(END - timedelta(days=60), END)
FUTURE = "endTime = 30-07-2026 15:15:28 nu poate in viitor fata de momentul requestului"


def test_a_quoted_clock_tells_the_end_however_far_it_is_behind():
    window = WINDOW.corrected(classify_text(f"{FUTURE} = 30-07-2026 13:00:00"), 0)
    assert window.end == datetime(2026, 7, 30, 10, 0, tzinfo=UTC) - timedelta(seconds=2)
    assert window.start == WINDOW.start


def test_a_quoted_clock_that_is_ahead_never_moves_the_end_later():
    assert WINDOW.corrected(classify_text(f"{FUTURE} = 30-07-2026 18:00:00"), 0).end < END


@pytest.mark.parametrize("correction", [0, 1, 2, 3])
def test_without_a_quoted_clock_the_longest_window_shrinks_at_both_ends(correction):
    window = WINDOW.corrected(classify_text(FUTURE), correction)
    step = timedelta(minutes=2) * 2**correction
    assert (window.start - WINDOW.start, WINDOW.end - window.end) == (step, step)


def test_a_shorter_window_keeps_its_start():
    # What is searched for may have been listed right after it.
    short = Window(END - timedelta(hours=6), END)
    assert short.corrected(classify_text(FUTURE), 3).start == short.start


def test_a_window_that_is_too_old_at_its_start_moves_that():
    text = "startTime = 09-07-2022 10:41:11 nu poate fi mai vechi de 60 de zile fata de momentul"
    assert WINDOW.corrected(classify_text(f"{text} requestului"), 1).start > WINDOW.start


def test_nothing_is_left_of_a_short_window():
    short = Window(END - timedelta(minutes=1), END)
    assert not short.is_empty
    assert short.corrected(classify_text(FUTURE), 0).is_empty


def test_query_is_in_milliseconds():
    assert Window(END, END + timedelta(seconds=1)).query("19", 3) == {
        "startTime": "1785413728000",
        "endTime": "1785413729000",
        "cif": "19",
        "pagina": "3",
    }
