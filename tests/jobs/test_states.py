from django.conf import settings

from jobs.presentation import _EXPLANATIONS, _WORDS
from jobs.states import ACTIVE, BY_NAME, FINISHED, LEASED, MEANINGS, TRANSITIONS, JobState, document


def test_the_rendered_document_is_in_step() -> None:
    assert (settings.BASE_DIR / "docs" / "states.md").read_text() == document()


def test_every_state_has_a_meaning_and_words_for_people() -> None:
    assert set(MEANINGS) == set(JobState) == set(_WORDS) == set(_EXPLANATIONS)


def test_every_state_can_be_reached() -> None:
    assert {transition.target for transition in TRANSITIONS} == set(JobState)


def test_nothing_leaves_a_final_state() -> None:
    assert all(not transition.sources & FINISHED for transition in TRANSITIONS)


def test_every_active_state_has_a_way_to_an_end() -> None:
    ends = {
        source for transition in TRANSITIONS if transition.target in FINISHED for source in transition.sources
    }
    assert ends == ACTIVE


def test_only_the_reconciler_or_the_holder_takes_a_held_job_away() -> None:
    away = [t for t in TRANSITIONS if t.sources & LEASED and t.target not in LEASED]
    assert {transition.by for transition in away} == {"worker", "reconciler"}


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(TRANSITIONS)
