"""The words of a warning."""

from datetime import UTC, datetime, timedelta

import pytest

from anaf_efactura.life import State
from anaf_efactura.marks import TERM, next_in, passed
from anaf_efactura.warning import action, span, standing


@pytest.mark.parametrize(
    ("left", "words"),
    [
        ({"days": 3}, "3 zile"),
        ({"days": 1}, "o zi"),
        ({"days": 2, "hours": 1}, "2 zile și o oră"),
        ({"days": 30}, "30 de zile"),
        ({"days": 119}, "119 zile"),
        ({"days": 100}, "100 de zile"),
        ({"hours": 4}, "4 ore"),
        ({"hours": 3, "minutes": 59, "seconds": 59}, "3 ore și 59 de minute"),
        ({"hours": 20, "minutes": 1}, "20 de ore și un minut"),
        ({"days": 1, "minutes": 5}, "o zi"),
        ({"minutes": 19}, "19 minute"),
        ({"seconds": 59}, "sub un minut"),
        ({"seconds": -5}, "sub un minut"),
    ],
)
def test_time_left_is_good_romanian(left, words):
    assert span(timedelta(**left)) == words


def test_every_state_but_accepted_stands_somewhere_and_has_its_advice():
    places = {state: standing(state.value) for state in State}
    assert [state for state, place in places.items() if place is None] == [State.ACCEPTED]
    advice = [action(place, None) for place in {*places.values(), standing(None)} if place]
    assert len(set(advice)) == 5
    assert all("{" not in text for text in advice)


END = datetime(2026, 10, 26, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "mark", "to_next"),
    [
        (100, None, 28),
        (72, "3d", 48),
        (71, "3d", 47),
        (24, "1d", 20),
        (5, "1d", 1),
        (4, "4h", None),
        (0.01, "4h", None),
        (0, None, None),
        (-1, None, None),
    ],
)
def test_marks_before_an_end(hours, mark, to_next):
    now = END - timedelta(hours=hours)
    found = passed(TERM, END, now)
    assert (found.name if found else None) == mark
    wait = next_in(TERM, END, now)
    assert wait == (None if to_next is None else timedelta(hours=to_next))
