# mypy: ignore-errors
"""`tuf.ngclient.urllib3_fetcher` without urllib3: the client is always given a fetcher of ours."""


class Urllib3Fetcher:
    def __init__(self, *arguments, **words):
        raise NotImplementedError("this client fetches with skyrocket.host.system.web alone")
