"""Errors of the API: a status and the text that becomes the answer's body.

ApiError
├── BadRequest     400
├── NotFound       404
├── Conflict       409
├── Unprocessable  422
└── Failed         500
"""


class ApiError(Exception):
    """An answer that is not data."""

    status = 500


class BadRequestError(ApiError):
    """The client's mistake."""

    status = 400


class NotFoundError(ApiError):
    """What was asked for does not exist."""

    status = 404


class UnprocessableError(ApiError):
    """Understood, and cannot be done in this state."""

    status = 422


class ConflictError(ApiError):
    """Another change is in the way."""

    status = 409


class FailedError(ApiError):
    """Ours, or that of a program behind us."""

    status = 500
