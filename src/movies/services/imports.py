"""Importing a data set from a folder."""

from pathlib import Path

from movies.importers.errors import DatasetError
from movies.importers.load import ImportSummary, dataset_load
from movies.importers.log import ImportLog, Report
from movies.importers.progress import Progress
from movies.importers.recognise import RatingChoice, dataset_recognise


def dataset_import(*, path: Path, ratings: RatingChoice | None = None, report: Path | None = None) -> ImportSummary:
    """Import the data set in the folder ``path``, wholly or not at all; a repeated import changes nothing.

    ``ratings`` chooses among the files of ratings, ``report`` is a CSV file to write with each row that was left out.

    Raises:
        DatasetError: the folder, one of its files, the report or the database does not allow the import.

    """
    dataset = dataset_recognise(path, ratings=ratings)
    total = sum(file.stat().st_size for file in dataset.files() if file.exists())
    written = Report(report) if report else None
    try:
        with Progress(total=total) as progress:
            summary = dataset_load(dataset=dataset, log=ImportLog(written), progress=progress)
        if written:
            written.publish()
    except OSError as error:
        message = f"{error.filename or path}: {error.strerror or error}. Nothing was imported."
        raise DatasetError(message) from error
    finally:
        if written:
            written.discard()
    return summary
