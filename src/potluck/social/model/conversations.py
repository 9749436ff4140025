"""What private conversations consist of."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from potluck.db.base import Base


class ConversationMessage(Base):
    """A message of a conversation."""

    __tablename__ = "conversation_message"

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True,
                                                 autoincrement=False)
    object_id: Mapped[int] = mapped_column(ForeignKey("object.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False, index=True)
