"""Importing a data set from a folder."""

from pathlib import Path

from importing.datasets.dataset import RatingChoice
from importing.datasets.detect_format import detect_format
from importing.errors import DatasetError
from importing.import_report import ImportReport, RejectedRows
from importing.loading.dataset_load import ImportSummary, dataset_load
from recommender.errors import DataError
from recommender.progress import Progress


def dataset_import(*, path: Path, ratings: RatingChoice | None = None, report: Path | None = None) -> ImportSummary:
    """Import the data set in the folder ``path``, wholly or not at all; a repeated import changes nothing.

    ``ratings`` chooses among the files of ratings, ``report`` is a CSV file to write with each row that was left out.

    Raises:
        DatasetError: the folder, one of its files, the report or the database does not allow the import.

    """
    dataset = detect_format(path, ratings=ratings)
    total = sum(file.stat().st_size for file in dataset.files() if file.exists())
    written = RejectedRows(report) if report else None
    try:
        with Progress("Import", total=total, unit="bytes") as progress:
            summary = dataset_load(dataset=dataset, log=ImportReport(written), progress=progress)
        if written:
            written.publish()
    except DataError as error:
        raise DatasetError(str(error)) from error
    except OSError as error:
        raise DatasetError(f"{error.filename or path}: {error.strerror or error}. Nothing was imported.") from error
    finally:
        if written:
            written.discard()
    return summary
