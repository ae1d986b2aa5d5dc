"""Real programs, each test with folders of its own."""

from tests.isolation import folders, planned_jobs, transactional_db

__all__ = ["folders", "planned_jobs", "transactional_db"]
