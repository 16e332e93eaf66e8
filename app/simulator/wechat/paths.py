"""How an API is named: by its path, as the limits name it."""


def api_of(path: str) -> str:
    return path.removeprefix("/").removeprefix("cgi-bin/").removeprefix("message/")
