"""What matches of all months say together: partners that change, buildings that are new."""

import numpy as np

from scoring.metric.rows import Bools, Ints


def mismatches(month: Ints, truth: Ints, predicted: Ints) -> Bools:
    """Tell which matches are mismatches.

    A match is one where the newest earlier match of either id was with another partner, however
    long ago it was.

    Args:
        month: Of each match, ascending with time.
        truth: Id of the true building, at most once in a month.
        predicted: Id of the predicted one, likewise.
    """
    return _partner_changed(month, truth, predicted) | _partner_changed(month, predicted, truth)


def _partner_changed(month: Ints, ids: Ints, partners: Ints) -> Bools:
    order = np.lexsort((month, ids))
    is_same_id = np.diff(ids[order]) == 0
    is_other_partner = np.diff(partners[order]) != 0
    changed = np.zeros(len(ids), dtype=np.bool_)
    changed[order[1:]] = is_same_id & is_other_partner
    return changed


def appearances(month: Ints, ids: Ints) -> Bools:
    """Tell in which rows an id is seen for the first time, from the second month on.

    Args:
        month: Of each row, ascending; 0 for the first month.
        ids: Of each row.
    """
    _, first = np.unique(ids, return_index=True)
    found = np.zeros(len(ids), dtype=np.bool_)
    found[first] = True
    found &= month > 0
    return found
