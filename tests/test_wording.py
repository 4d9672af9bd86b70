"""Rules about English that are seldom wrong."""

import pytest

from grader.wording import content_words, is_verb, joins_two_claims


@pytest.mark.parametrize(
    "sentence",
    [
        "Says that a mutex has one owner and that it blocks others.",
        "Says that the cache saves reads and fails on writes.",
        "Explains what an index is and why it matters.",
        "Names sharding and explains how keys are spread.",
        "Says that readers are many and writers are few.",
        "Says that reads are cheap; writes are dear.",
        "Says that rows are sorted by key and merged by the reader.",
        "Says to lock the row first and check the balance.",
        "Says that pages are versioned as well as that they are signed.",
        "Gives a use of a queue and names a broker.",
        "Says that a thread shares memory, while a process has its own.",
        "Says that a key is unique, and a value is not.",
        "Says that the index speeds up reads or that it slows down writes.",
        "Says that caching saves time, but stale entries are a risk.",
        "States what a lock is and how it differs from a latch.",
        "Examine the logs, and monitor the queue.",
    ],
)
def test_two_claims_are_noticed(sentence: str) -> None:
    assert joins_two_claims(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Names at least one of a mutex, a semaphore or a latch.",
        "Names a mutex, a semaphore and a latch.",
        "Says that the trade-off between reads and writes is the point.",
        "Says that both reads and writes go through the leader.",
        "Says that a lock that is too coarse and slow is a bottleneck.",
        "Names unit tests and integration tests as kinds of tests.",
        "Says that settings or results of each run are kept.",
        "Says which values or ranges the search will try.",
        "Says that inputs and outputs of each run are recorded.",
        "Says that sorted and unsorted rows are told apart.",
        "Says that it is used to sort or to rank.",
        "Says that rows are checked while the table is in use.",
        "Says that the tree does as well as a hash.",
        "Says that terms and conditions of use apply.",
        "",
    ],
)
def test_lists_and_alternatives_are_one_claim(sentence: str) -> None:
    assert joins_two_claims(sentence) == ""


def test_the_words_at_the_joint_are_named() -> None:
    assert joins_two_claims("Says what it is and why it matters.") == "and why"


def test_a_verb_is_known_by_the_word_after_it() -> None:
    assert is_verb("scores", "the")
    assert not is_verb("scores", "of")
    assert is_verb("ignores", "")


def test_words_count_by_their_stems_without_the_frame() -> None:
    one = content_words("Says that locked rows are waiting.")

    assert one == content_words("Explains why a row waits for a lock.")


@pytest.mark.parametrize("text", ["", "and the of it", "..."])
def test_a_text_without_content_has_no_words(text: str) -> None:
    assert content_words(text) == frozenset()
