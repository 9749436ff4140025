"""What people brought along from other servers."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base


class ImportedPost(Base):
    """Which old post of somebody became which object here, so that nothing comes twice and threads stay together."""

    __tablename__ = "imported_post"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actor.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False)
    uri: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), index=True)
