"""Matching the films of a data set with those of the catalogue, so that each film is one row there.

The matcher looks for a film by TMDB id, then IMDb id, then MovieLens id, then the data set's own id, then title and
year. It matches at most one row with each film, so that a wrong link loses no rating: another row becomes a new film.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from importing.datasets.dataset import Kind, MovieRecord, Reason, Skip
from recommender.data.field_values import title_key


@dataclass(slots=True, eq=False)
class Entry:
    """A film of the catalogue, present or new; ``record`` is the data set's row of it, if one matches."""

    pk: int
    tmdb_id: int | None = None
    imdb_id: str | None = None
    movielens_id: int | None = None
    names: tuple[str, ...] = ()
    year: int | None = None
    record: MovieRecord | None = None
    is_new: bool = False

    @property
    def has_ids(self) -> bool:
        """Whether the film has an id that other data sets know."""
        return any((self.tmdb_id, self.imdb_id, self.movielens_id))


@dataclass(frozen=True)
class Matching:
    """The films of a data set, each present or new, and the ids that they take or lose."""

    entries: list[Entry]
    # Films that lose their IMDb id before another film takes it.
    released: list[int] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)


def title_keys(title: str, original_title: str) -> tuple[str, ...]:
    """Return the keys by which films without a common id are compared, beside the year."""
    return tuple(dict.fromkeys(title_key(name) for name in (title, original_title) if name))


class MovieMatcher:
    """Indexes of the catalogue's films by id and by title."""

    def __init__(self, entries: Iterable[Entry], external: Mapping[int, int]) -> None:
        """Index ``entries``, and the primary keys of films by the data set's own ids in ``external``."""
        self._tmdb: dict[int, Entry] = {}
        self._imdb: dict[str, Entry] = {}
        self._movielens: dict[int, Entry] = {}
        self._named: defaultdict[str, list[Entry]] = defaultdict(list)
        by_pk: dict[int, Entry] = {}
        for entry in entries:
            by_pk[entry.pk] = entry
            self._index(entry)
        self._external = {number: by_pk[pk] for number, pk in external.items()}

    def match(
        self, movies: Sequence[MovieRecord], *, new_pks: Callable[[int], Iterable[int]], overwrites: bool
    ) -> Matching:
        """Find or make a film for each of ``movies``, whose keys all differ; return them in the same order.

        ``new_pks`` reserves a number of primary keys. With ``overwrites`` an IMDb id replaces the present one. Any
        other id only fills a gap, so that data sets which disagree do not undo one another.
        """
        rivals: defaultdict[str, list[MovieRecord]] = defaultdict(list)
        for movie in filter(_has_ids, movies):
            for name in title_keys(movie.title, movie.original_title):
                rivals[name].append(movie)
        lookups: tuple[Callable[[MovieRecord], Entry | None], ...] = (
            self._by_tmdb_and_imdb,
            lambda movie: self._tmdb.get(movie.tmdb_id or 0),
            lambda movie: _unless_other_tmdb_id(self._imdb.get(movie.imdb_id or ""), movie),
            lambda movie: _unless_other_tmdb_id(self._movielens.get(movie.movielens_id or 0), movie),
            lambda movie: self._external.get(movie.key),
            lambda movie: self._by_title(movie, rivals, years_apart=0),
            lambda movie: self._by_title(movie, rivals, years_apart=1),
        )
        found: dict[int, Entry] = {}
        for lookup in lookups:
            for movie in movies:
                entry = None if movie.key in found else lookup(movie)
                if entry is not None and entry.record is None:
                    entry.record = movie
                    found[movie.key] = entry
        unknown = [movie for movie in movies if movie.key not in found]
        for movie, pk in zip(unknown, new_pks(len(unknown)), strict=True):
            found[movie.key] = Entry(pk, record=movie, is_new=True)
        return self._settle([found[movie.key] for movie in movies], overwrites=overwrites)

    def _by_tmdb_and_imdb(self, movie: MovieRecord) -> Entry | None:
        entry = self._tmdb.get(movie.tmdb_id or 0)
        return entry if entry and movie.imdb_id and entry.imdb_id == movie.imdb_id else None

    def _by_title(
        self, movie: MovieRecord, rivals: Mapping[str, list[MovieRecord]], *, years_apart: int
    ) -> Entry | None:
        """Return the only film of that title and year, None if several films may be meant.

        Data sets disagree on the year of many films: some take the first festival, others the release.
        """

        def is_near(year: int | None) -> bool:
            return year is not None and movie.year is not None and abs(year - movie.year) <= years_apart

        names = title_keys(movie.title, movie.original_title)
        if (
            len({rival.key for name in names for rival in rivals.get(name, []) if is_near(rival.year)} | {movie.key})
            > 1
        ):
            return None
        found = {entry.pk: entry for name in names for entry in self._named.get(name, []) if is_near(entry.year)}
        candidates = [entry for entry in found.values() if entry.record is None and not _contradicts(entry, movie)]
        certain = [entry for entry in candidates if entry.has_ids]
        if len(certain) > 1:
            return None
        return min(certain or candidates, key=lambda entry: entry.pk, default=None)

    def _index(self, entry: Entry) -> None:
        if entry.tmdb_id is not None:
            self._tmdb[entry.tmdb_id] = entry
        if entry.imdb_id is not None:
            self._imdb[entry.imdb_id] = entry
        if entry.movielens_id is not None:
            self._movielens[entry.movielens_id] = entry
        for name in entry.names:
            self._named[name].append(entry)

    def _settle(self, entries: list[Entry], *, overwrites: bool) -> Matching:
        """Give the films the ids of their records, except those that other films have."""
        skips: list[Skip] = []
        wanting: list[tuple[Entry, MovieRecord]] = []
        for entry in entries:
            movie = entry.record
            if movie is None:
                continue
            skips += self._take_ids(entry, movie)
            if movie.imdb_id and movie.imdb_id != entry.imdb_id and (overwrites or entry.imdb_id is None):
                wanting.append((entry, movie))
        released = self._take_imdb_ids(wanting)
        refused = [(entry, movie) for entry, movie in wanting if entry.imdb_id != movie.imdb_id]
        skips += [_report_taken_id(movie, f"IMDb id {movie.imdb_id}") for _, movie in refused]
        return Matching(entries, released, skips)

    def _take_ids(self, entry: Entry, movie: MovieRecord) -> Iterator[Skip]:
        if movie.tmdb_id and entry.tmdb_id is None:
            if self._tmdb.setdefault(movie.tmdb_id, entry) is entry:
                entry.tmdb_id = movie.tmdb_id
            else:
                yield _report_taken_id(movie, f"TMDB id {movie.tmdb_id}")
        if movie.movielens_id and entry.movielens_id is None:
            if self._movielens.setdefault(movie.movielens_id, entry) is entry:
                entry.movielens_id = movie.movielens_id
            else:
                yield _report_taken_id(movie, f"MovieLens id {movie.movielens_id}")

    def _take_imdb_ids(self, wanting: Sequence[tuple[Entry, MovieRecord]]) -> list[int]:
        """Give IMDb ids to films until no film can take one more; a film that changes its id frees the old one."""
        released: list[int] = []
        waiting, before = list(wanting), -1
        while len(waiting) != before:
            before = len(waiting)
            for entry, movie in waiting:
                if movie.imdb_id is None or self._imdb.setdefault(movie.imdb_id, entry) is not entry:
                    continue
                if entry.imdb_id is not None:
                    del self._imdb[entry.imdb_id]
                    released.append(entry.pk)
                entry.imdb_id = movie.imdb_id
            waiting = [(entry, movie) for entry, movie in waiting if entry.imdb_id != movie.imdb_id]
        return released


def _has_ids(movie: MovieRecord) -> bool:
    return any((movie.tmdb_id, movie.imdb_id, movie.movielens_id))


def _contradicts(entry: Entry, movie: MovieRecord) -> bool:
    pairs = (
        (entry.tmdb_id, movie.tmdb_id),
        (entry.imdb_id, movie.imdb_id),
        (entry.movielens_id, movie.movielens_id),
    )
    return any(known and given and known != given for known, given in pairs)


def _unless_other_tmdb_id(entry: Entry | None, movie: MovieRecord) -> Entry | None:
    """Return ``entry`` unless its TMDB id, the most reliable id, contradicts the movie's."""
    if entry is None or (entry.tmdb_id and movie.tmdb_id and entry.tmdb_id != movie.tmdb_id):
        return None
    return entry


def _report_taken_id(movie: MovieRecord, taken: str) -> Skip:
    return Skip(Kind.MOVIES, movie.file, movie.line, Reason.ID_TAKEN, f"{movie.title}: kept without {taken}")
