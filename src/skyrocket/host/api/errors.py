"""Errors of the API: a status and the text that becomes the answer's body.

ApiError
├── BadRequest     400
├── Forbidden      403
├── NotFound       404
├── Conflict       409
├── Unprocessable  422
├── Locked         423
├── Busy           429
└── Failed         500
"""


class ApiError(Exception):
    """An answer that is not data."""

    status = 500


class BadRequestError(ApiError):
    """The client's mistake."""

    status = 400


class ForbiddenError(ApiError):
    """Somebody else may ask for this."""

    status = 403


class BusyError(ApiError):
    """The same client is being answered too many times already."""

    status = 429


class NotFoundError(ApiError):
    """What was asked for does not exist."""

    status = 404


class UnprocessableError(ApiError):
    """Understood, and cannot be done in this state."""

    status = 422


class ConflictError(ApiError):
    """Another change is in the way."""

    status = 409


class LockedError(ApiError):
    """Something else is under way."""

    status = 423


class FailedError(ApiError):
    """Ours, or that of a program behind us."""

    status = 500
