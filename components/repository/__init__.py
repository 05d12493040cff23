"""Repositories: where backups are kept."""

from components.repository.component import Repository
from components.repository.settings import RepositorySettings

__all__ = ["Repository", "RepositorySettings"]
