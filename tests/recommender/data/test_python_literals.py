import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.data.python_literals import parse_entries

entry = st.dictionaries(
    st.text(max_size=8),
    st.one_of(st.text(max_size=20), st.integers(), st.none(), st.booleans()),
    min_size=1,
    max_size=4,
)


@given(st.lists(entry, max_size=5))
def test_list_is_read_as_a_python_literal(entries: list[dict[str, object]]) -> None:
    assert parse_entries(repr(entries)) == entries


def test_separator_inside_a_string_does_not_split_an_entry() -> None:
    text = "[{'id': 1, 'name': 'odd}, {name'}, {'id': 2, 'name': \"it's\"}]"

    assert [entry["name"] for entry in parse_entries(text)] == ["odd}, {name", "it's"]


@pytest.mark.parametrize("text", ["", "  ", "[]", "[ ]"])
def test_blank_is_an_empty_list(text: str) -> None:
    assert parse_entries(text) == []


@pytest.mark.parametrize(
    "text", ["{'a': 1}", "[1, 2]", "[{'a': 1}", "[{'a': print()}]", "[{'a': __import__('os')}]", "False", "[{'a' 1}]"]
)
def test_other_text_is_refused_and_never_executed(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse_entries(text)
