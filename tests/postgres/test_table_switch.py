import io
import threading
from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from postgres import table_switch
from postgres.errors import TableSwitchError
from postgres.table_switch import (
    next_table_create,
    next_table_drop,
    next_table_index,
    next_table_switch,
    old_table_drop,
)
from postgres.tables import LockAttempts, table_keys_validate

DEFINITION = """
SELECT 'index' AS kind, indexname::text AS name, indexdef AS definition FROM pg_indexes WHERE tablename = 'shelf'
UNION ALL
SELECT contype::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'shelf'::regclass
UNION ALL
SELECT 'column', attname::text, attnum || format_type(atttypid, atttypmod) || attnotnull
FROM pg_attribute WHERE attrelid = 'shelf'::regclass AND attnum > 0
"""


@pytest.fixture
def shelf(transactional_db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE room (id integer PRIMARY KEY); INSERT INTO room SELECT generate_series(1, 9)")
        cursor.execute("""
            CREATE TABLE shelf (
                id integer PRIMARY KEY, room_id integer NOT NULL REFERENCES room (id) DEFERRABLE INITIALLY DEFERRED,
                label text DEFAULT 'none', width real CONSTRAINT shelf_width_positive CHECK (width > 0),
                CONSTRAINT shelf_label_unique UNIQUE (room_id, label)
            );
            CREATE INDEX shelf_wide ON shelf (width DESC) WHERE width > 100;
            CREATE UNIQUE INDEX "Shelf lower label" ON shelf (lower(label), id);
            INSERT INTO shelf SELECT n, 1, 'old ' || n, 1 FROM generate_series(1, 1000) n
        """)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE shelf, room; DROP TABLE IF EXISTS shelf_before")


def rows(query: str) -> set[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return set(cursor.fetchall())


def rebuild(*, label: str, n: int = 1000) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        beside = next_table_create(cursor, "shelf")
        insert = "INSERT INTO {} SELECT n, 2, %s || ' ' || n, 2 FROM generate_series(1, %s) n"
        cursor.execute(insert.format(beside.name), [label, n])
        next_table_index(cursor, beside)
        next_table_switch(cursor, beside, carry_over=lambda: None)
    with connection.cursor() as cursor:
        table_keys_validate(cursor, "shelf")
        old_table_drop(cursor, "shelf")


def test_switched_table_has_the_same_columns_indexes_and_constraints_under_the_same_names(shelf: None) -> None:
    before = rows(DEFINITION)

    rebuild(label="new")
    rebuild(label="newer")

    assert len(before) > 10
    assert rows(DEFINITION) == before
    assert rows("SELECT count(*), min(width) FROM shelf") == {(1000, 2.0)}


def test_constraints_hold_after_the_switch(shelf: None) -> None:
    rebuild(label="new")

    with pytest.raises(Exception, match="foreign key"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO shelf VALUES (2000, 77, 'x', 1); SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(Exception, match="shelf_width_positive"), connection.cursor() as cursor:
        cursor.execute("UPDATE shelf SET width = 0")


def test_unchecked_keys_hold_for_new_rows_at_once_and_are_validated_later(shelf: None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        beside = next_table_create(cursor, "shelf")
        cursor.execute("INSERT INTO shelf_next VALUES (1, 77, 'room that is gone', 1)")
        next_table_switch(cursor, beside, carry_over=lambda: None)

    with pytest.raises(Exception, match="foreign key"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO shelf VALUES (2, 78, 'x', 1); SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(Exception, match="foreign key"), connection.cursor() as cursor:
        table_keys_validate(cursor, "shelf")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shelf SET room_id = 7")
        table_keys_validate(cursor, "shelf")
    assert rows("SELECT convalidated FROM pg_constraint WHERE conrelid = 'shelf'::regclass") == {(True,)}


def test_old_table_has_no_foreign_keys_until_it_is_dropped(shelf: None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        next_table_switch(cursor, next_table_create(cursor, "shelf"), carry_over=lambda: None)

    assert rows("SELECT count(*) FROM shelf_before") == {(1000,)}
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM room")
        old_table_drop(cursor, "shelf")
    assert rows("SELECT tablename FROM pg_tables WHERE tablename LIKE 'shelf%'") == {("shelf",)}


def test_tables_left_by_a_crash_are_replaced(shelf: None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        next_table_switch(cursor, next_table_create(cursor, "shelf"), carry_over=lambda: None)
    with transaction.atomic(), connection.cursor() as cursor:
        next_table_create(cursor, "shelf")
        cursor.execute("INSERT INTO shelf_next VALUES (1, 1, 'left', 1)")
        cursor.execute("CREATE TABLE shelf_before (id integer)")

    rebuild(label="new", n=3)

    assert rows("SELECT label FROM shelf") == {("new 1",), ("new 2",), ("new 3",)}


def test_existing_indexes_are_not_rebuilt(shelf: None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        beside = next_table_create(cursor, "shelf")
        next_table_index(cursor, beside)
        cursor.execute("SELECT oid FROM pg_class WHERE relname LIKE 'shelf_next_%' ORDER BY oid")
        before = cursor.fetchall()
        next_table_index(cursor, beside)
        cursor.execute("SELECT oid FROM pg_class WHERE relname LIKE 'shelf_next_%' ORDER BY oid")
        assert cursor.fetchall() == before
        next_table_drop(cursor, beside)
    assert len(before) > 3


def test_crash_before_the_switch_leaves_only_the_old_table(shelf: None) -> None:
    def crash() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), transaction.atomic(), connection.cursor() as cursor:
        next_table_switch(cursor, next_table_create(cursor, "shelf"), carry_over=crash)

    assert rows("SELECT count(*) FROM shelf WHERE label LIKE 'old%'") == {(1000,)}
    assert rows("SELECT tablename FROM pg_tables WHERE tablename LIKE 'shelf%'") == {("shelf",)}


def test_carry_over_sees_rows_written_during_the_build(shelf: None) -> None:
    carry = "INSERT INTO {} SELECT * FROM shelf WHERE id = 5000"
    with transaction.atomic(), connection.cursor() as cursor:
        beside = next_table_create(cursor, "shelf")
        write_elsewhere("INSERT INTO shelf VALUES (5000, 3, 'meanwhile', 3)")
        next_table_switch(
            cursor,
            beside,
            carry_over=lambda: cursor.execute(carry.format(beside.name)),
        )

    assert rows("SELECT label FROM shelf") == {("meanwhile",)}


def test_readers_see_either_all_old_or_all_new_rows(shelf: None) -> None:
    seen: set[tuple[object, ...]] = set()
    errors: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        session = connection.copy()
        try:
            with session.cursor() as cursor:
                while not stop.is_set():
                    cursor.execute("SELECT count(*), min(width), max(width) FROM shelf")
                    seen.add(cursor.fetchone())
        except Exception as error:  # noqa: BLE001 - the thread hands it to the test.
            errors.append(error)
        finally:
            session.close()

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for turn in range(10):
        rebuild(label=f"turn {turn}")
    stop.set()
    for reader in readers:
        reader.join()

    assert not errors
    assert seen <= {(1000, 1.0, 1.0), (1000, 2.0, 2.0)}
    assert (1000, 2.0, 2.0) in seen


def test_reader_with_an_older_snapshot_sees_the_frozen_rows(shelf: None) -> None:
    session = connection.copy()
    try:
        with session.cursor() as reader:
            reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM movies_movie")
            with transaction.atomic(), connection.cursor() as cursor:
                beside = next_table_create(cursor, "shelf")
                cursor.copy_expert(f"COPY {beside.name} FROM STDIN WITH (FREEZE)", io.BytesIO(b"1\t1\tnew\t2\n"))
                next_table_switch(cursor, beside, carry_over=lambda: None)
            reader.execute("SELECT label FROM shelf")
            assert reader.fetchall() == [("new",)]
    finally:
        session.close()


def test_table_in_use_for_too_long_stays_unchanged(shelf: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_switch, "LOCK_ATTEMPTS", LockAttempts(total=2, timeout="20ms", patient_from=3))
    session = connection.copy()
    try:
        with session.cursor() as cursor:
            cursor.execute("BEGIN; SELECT count(*) FROM shelf")
            with pytest.raises(TableSwitchError, match="in use for too long; the old rows stay"):
                rebuild(label="new")
    finally:
        session.close()

    assert rows("SELECT min(width), count(*) FROM shelf") == {(1.0, 1000)}


@pytest.mark.parametrize("table", ["room", "accounts_user"])
def test_table_with_foreign_keys_to_it_is_refused(shelf: None, table: str) -> None:
    with pytest.raises(TableSwitchError, match="foreign key"), transaction.atomic(), connection.cursor() as cursor:
        next_table_create(cursor, table)


def test_table_with_a_serial_column_is_refused(transactional_db: None) -> None:
    with (
        pytest.raises(TableSwitchError, match="numbered column id"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        next_table_create(cursor, "movies_rating")


def write_elsewhere(statement: str) -> None:
    session = connection.copy()
    try:
        with session.cursor() as cursor:
            cursor.execute(statement)
    finally:
        session.close()


def test_lock_waits_longer_for_the_objects_of_the_table(shelf: None) -> None:
    seen: list[str] = []
    with transaction.atomic(), connection.cursor() as cursor:

        def note_timeout() -> None:
            cursor.execute("SHOW lock_timeout")
            seen.append(cursor.fetchone()[0])

        next_table_switch(cursor, next_table_create(cursor, "shelf"), carry_over=note_timeout)

    # An automatic vacuum of the table's TOAST part gives way after a second; a shorter timeout would fail the switch.
    assert seen == ["0"]


def test_switch_is_tried_again_until_a_reader_leaves(shelf: None) -> None:
    session = connection.copy()
    session.inc_thread_sharing()
    with session.cursor() as cursor:
        cursor.execute("BEGIN; SELECT count(*) FROM shelf")
    leaving = threading.Timer(0.7, session.close)
    leaving.start()
    rebuild(label="new")
    leaving.join()

    assert rows("SELECT min(width), count(*) FROM shelf") == {(2.0, 1000)}
