"""Expressions of Prometheus' language, parsed as Prometheus parses them."""


def promql(text: str) -> str:
    """The text. Raises ValueError with what is wrong in it."""
    import promql_parser  # here, for few stack files have one

    try:
        promql_parser.parse(text)
    except ValueError as error:
        said = " ".join(str(error).split())
        raise ValueError(f"is no PromQL: {said}") from None
    return text
