"""Real programs, each test with folders of its own."""

from tests.isolation import folders, transactional_db

__all__ = ["folders", "transactional_db"]
