"""Adopting: an installation's own model, in use only when it is no worse than the one before."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

import numpy as np
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session

from digest.errors import BadDocument, BadInput
from digest.models import Paper, TopicModelRow
from digest.topics import classifier, model, taxonomy, training
from digest.topics.classifier import Classifier
from digest.topics.descent import Tick
from digest.topics.evidence import Seeds
from digest.topics.examples import Example, at, todays, united
from digest.topics.figures import Figures, measured
from digest.topics.model import Model

log = logging.getLogger(__name__)

FEWEST_HELD = 30
"""On fewer papers than this one model is better than another by chance."""


@dataclass(frozen=True)
class Trial:
    """A new model beside the one in use, on papers that the new one has not seen."""

    model: Model
    beside: Classifier
    """The one in use."""
    new: Figures
    present: Figures

    @property
    def passed(self) -> bool:
        return self.new.no_worse_than(self.present)


def in_use(session: Session) -> Classifier:
    """Return the newest adopted classifier, or else the one that comes with the package."""
    newest = session.scalar(select(func.max(TopicModelRow.id)))
    if newest is None:
        return classifier.shipped()
    database = session.get_bind()
    kept = _KEPT.get(database)
    if kept is None or kept[0] != newest:
        body = session.scalars(select(TopicModelRow.body).where(TopicModelRow.id == newest)).one()
        kept = _KEPT[database] = newest, _readable(newest, body)
    return kept[1]


def _readable(number: int, body: bytes) -> Classifier:
    # An update may bring another form; that must cost the own model, not the day's edition.
    try:
        return classifier.load(body)
    except BadDocument as exc:
        log.warning("own model left out model=%s why=%s", number, exc)
        return classifier.shipped()


_KEPT: WeakKeyDictionary[Engine | Connection, tuple[int, Classifier]] = WeakKeyDictionary()
"""The classifier that this process has read last, of each database."""


def own_papers(session: Session) -> list[Example]:
    """Return the papers in the database that can teach; those of the sample day are invented."""
    columns = (
        Paper.external_id,
        Paper.title,
        Paper.abstract,
        Paper.listed_on,
        Paper.categories,
        Paper.keywords,
    )
    rows = session.execute(select(*columns).where(~Paper.sample))
    return united(
        [
            Example(
                id=row.external_id,
                title=row.title,
                abstract=row.abstract,
                day=np.datetime64(row.listed_on),
                categories=todays(row.categories),
                keywords=tuple(row.keywords),
            )
            for row in rows
        ]
    )


def tried(
    examples: Sequence[Example], present: Classifier, now: datetime, tick: Tick = lambda _: None
) -> Trial:
    """
    Return a model of all but the newest of *examples*, and how both do on those.

    Raises:
        BadInput: there is too little to learn from.

    """
    training.learnable(examples)
    held = training.newest(examples)
    if len(held) < FEWEST_HELD:
        raise BadInput(
            f"The newest year has too few papers to compare models on: {len(held)} held back,"
            f" it takes {FEWEST_HELD}. Is a date in the future?"
        )
    rest = np.setdiff1d(np.arange(len(examples)), held)
    learnt = training.train(at(examples, rest), now.date(), tick)
    unseen = at(examples, held)
    seeds = Seeds.of(taxonomy.topics())
    return Trial(
        learnt,
        beside=present,
        new=measured(Classifier(learnt), unseen, seeds),
        present=measured(present, unseen, seeds),
    )


def adopt(session: Session, trial: Trial, now: datetime) -> None:
    """
    Use the new model from the next edition on.

    Raises:
        BadInput: it is worse than the one in use, or another one is in use by now.

    """
    if not trial.passed:
        raise BadInput("The new model is worse than the one in use.")
    if in_use(session) is not trial.beside:
        raise BadInput("Another model was adopted while this one was learnt; train again.")
    session.add(
        TopicModelRow(trained_at=now, body=model.to_bytes(trial.model), figures=trial.new.as_json())
    )
