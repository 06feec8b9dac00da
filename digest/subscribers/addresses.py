"""Addresses: as they are kept and written to."""

from email_validator import EmailNotValidError, validate_email

from digest.errors import BadAddress
from digest.language import ENGLISH, spoken
from digest.language import gettext as _


def normalised(email: str) -> str:
    """
    Return *email* as it is kept and written to: checked, in lower case, its domain in ASCII.

    Raises:
        BadAddress: not an address that any mail system here could write to.

    """
    try:
        checked = validate_email(
            email.strip(), check_deliverability=False, allow_smtputf8=False, strict=True
        )
    except EmailNotValidError as exc:
        said = repr(email.strip()[:80])[1:-1]
        wrong = _("'%(said)s' is not an e-mail address.", said=said)
        # The library's reasons are in English.
        why = f" {exc}" if spoken().code == ENGLISH else ""
        raise BadAddress(wrong + why) from exc
    assert checked.ascii_email  # noqa: S101  as allow_smtputf8 is off
    return checked.ascii_email.lower()
