"""The store: one database for tables, one folder for files by their SHA-256.

A room declares its tables in its own ``tables.py`` on the shared :data:`metadata` and ships them with a migration in
``core/store/migrations/versions``; :func:`open_store` brings a database up to date before it hands it out.
"""

from core.store.backup import backup
from core.store.files import Files
from core.store.schema import head
from core.store.store import Store, open_store
from core.store.types import NUMBER, Base, Document, Geometry, Moment, metadata, now

__all__ = [
    "NUMBER",
    "Base",
    "Document",
    "Files",
    "Geometry",
    "Moment",
    "Store",
    "backup",
    "head",
    "metadata",
    "now",
    "open_store",
]
