"""Merging of JSON values."""


def merged(below: object, above: object) -> object:
    """ABOVE on top of BELOW: objects merge, everything else is replaced whole."""
    if isinstance(below, dict) and isinstance(above, dict):
        result = dict(below)
        for key, value in above.items():
            result[key] = merged(result[key], value) if key in result else value
        return result
    return above
