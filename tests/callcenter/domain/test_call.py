"""The table of moves and the fold."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.domain import events
from callcenter.domain.call import NEXT, Call, CallId, CallState, new_call_id, next_state
from callcenter.domain.department import Department
from callcenter.domain.errors import CallEnded, IllegalMove
from callcenter.domain.events import (
    MOVES,
    NOTES,
    Answered,
    Arrived,
    CallerSaid,
    Disposition,
    Ended,
    EndedBy,
    Event,
    FactLearned,
    HandedOver,
    Held,
    Identified,
    Resumed,
    SupervisorAsked,
    SupervisorJoined,
    SupervisorLeft,
    SupervisorMissed,
    TicketKind,
    TicketOpened,
    Unreadable,
)

ID = CallId("c-test")
TRIAGE, BILLING = Department("triage"), Department("billing")
END = Ended(at=9, disposition=Disposition.COMPLETED, by=EndedBy.AGENT)
SAMPLES: dict[type[Event], Event] = {
    Arrived: Arrived(at=1, caller="+15550100199"),
    Answered: Answered(at=2, department=TRIAGE),
    HandedOver: HandedOver(at=3, origin=TRIAGE, to=BILLING, reason="bill"),
    Held: Held(at=4),
    Resumed: Resumed(at=5),
    SupervisorAsked: SupervisorAsked(at=6, reason="angry"),
    SupervisorJoined: SupervisorJoined(at=7, who="kim"),
    SupervisorMissed: SupervisorMissed(at=7),
    SupervisorLeft: SupervisorLeft(at=8),
    Ended: END,
}


def test_every_event_is_either_a_move_or_a_note() -> None:
    """Nothing is both, nothing is forgotten, and every kind has a name of its own."""
    every = {
        kind
        for kind in vars(events).values()
        if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
    }
    assert set(MOVES) | set(NOTES) == every
    assert not set(MOVES) & set(NOTES)
    assert len({kind.kind for kind in every}) == len(every)
    assert {kind for row in NEXT.values() for kind in row} == set(MOVES)


def test_every_move_leads_to_one_state_only() -> None:
    """So a damaged history can be folded by believing each event."""
    for kind in MOVES:
        assert len({row[kind] for row in NEXT.values() if kind in row}) == 1


@pytest.mark.parametrize(("state", "kind"), list(itertools.product(CallState, MOVES)))
def test_only_the_moves_in_the_table_are_allowed(state: CallState, kind: type[Event]) -> None:
    """Every pair of state and move is either in the table or refused."""
    event = SAMPLES[kind]
    if kind in NEXT[state]:
        assert next_state(state, event) is NEXT[state][kind]
    else:
        with pytest.raises(CallEnded if state is CallState.ENDED else IllegalMove):
            next_state(state, event)


def test_nothing_can_be_noted_before_a_call_arrives_or_after_it_ended() -> None:
    """A note needs a call that is going on."""
    note = CallerSaid(at=1, text="hello")
    with pytest.raises(IllegalMove):
        Call(ID).after(note)
    ended = Call.of(ID, [SAMPLES[Arrived], END])
    with pytest.raises(CallEnded):
        ended.after(note)


def test_fold_knows_what_was_learned() -> None:
    """Numbers, desk, facts, tickets and identity are in the folded call."""
    call = Call.of(
        ID,
        [
            SAMPLES[Arrived],
            SAMPLES[Answered],
            FactLearned(at=2, name="name", value="Dana"),
            Identified(at=2, account="••7122", name="Dana"),
            SAMPLES[HandedOver],
            TicketOpened(at=4, ticket="T-1", topic=TicketKind.DISPUTE, summary="fee"),
        ],
    )
    assert call.state is CallState.WITH_DESK
    assert call.department == BILLING
    assert call.facts == {"name": "Dana"}
    assert call.tickets == ("T-1",)
    assert call.identified_as == "••7122"
    assert call.handoffs == 1
    assert call.version == 6
    assert call.is_live


def test_clock_that_steps_back_does_not_turn_a_call_back() -> None:
    """`last_at` never falls."""
    call = Call.of(ID, [Arrived(at=100), Answered(at=40, department=TRIAGE)])
    assert call.last_at == 100


def test_damaged_history_is_folded_by_believing_what_can_be_read() -> None:
    """The Answered event is unreadable; the handover still tells where the caller is."""
    history = [
        SAMPLES[Arrived],
        Unreadable(at=2, raw="{", why="corrupt"),
        SAMPLES[HandedOver],
        END,
    ]
    with pytest.raises(IllegalMove):
        Call.of(ID, history)
    call = Call.salvaged(ID, history)
    assert call.state is CallState.ENDED
    assert call.department == BILLING


@given(st.lists(st.sampled_from(list(SAMPLES.values())), max_size=30))
def test_no_sequence_of_events_reaches_a_state_outside_the_table(sequence: list[Event]) -> None:
    """Whatever is thrown at a call, it takes what is allowed and keeps its version in step."""
    call, taken = Call(ID), 0
    for event in sequence:
        try:
            call = call.after(event)
        except IllegalMove:
            continue
        taken += 1
    assert call.version == taken
    assert call.state in CallState
    if call.state is CallState.ENDED:
        assert call.disposition is not None


@pytest.mark.parametrize("name", ["", "Billing", "a b", "9lives", "x" * 40, "b{}", "né"])
def test_department_names_are_plain_words(name: str) -> None:
    """A name that could break a key or an address is refused with advice."""
    with pytest.raises(ValueError, match="lower-case word"):
        Department(name)


def test_call_ids_do_not_repeat() -> None:
    """A thousand ids are a thousand ids."""
    assert len({new_call_id() for _ in range(1000)}) == 1000
