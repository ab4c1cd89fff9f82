"""Which editions somebody has in their inbox, and since when: those that anybody may look up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from digest.delivery.holding import goes_on
from digest.delivery.models import Attempt, Mailing, State
from digest.editions.models import Edition, Status


def is_out() -> ColumnElement[bool]:
    """Editions that were sent or are being sent, and of the stopped ones those that somebody got before."""
    stopped = or_(Edition.status == Status.SENDING, Edition.status == Status.CANCELLED)
    return or_(Edition.status == Status.SENT, goes_on(), and_(stopped, Edition.mailing_began, _arrived()))


def began() -> ColumnElement[datetime]:
    """When an edition began to go out; the hour it was meant for where that is not known."""
    mailing = select(Mailing.created_at).where(Mailing.edition_id == Edition.id).scalar_subquery()
    return func.coalesce(mailing, Edition.slot)


def _arrived() -> ColumnElement[bool]:
    tried = exists().where(Attempt.mailing_id == Mailing.id, Attempt.result.in_((State.SENT, State.UNKNOWN)))
    return exists().where(Mailing.edition_id == Edition.id, tried)
