"""The seeds that a benchmark runs over, as they are given on the command line."""


def seeds(text: str) -> list[int]:
    """The seeds of `1-20`, `101,105` or `7`, in that order.

    Raises:
        ValueError: It is none of these; argparse says so when this is the `type` of an argument.
    """
    parts = [part.split("-") for part in text.split(",")]
    return [seed for part in parts for seed in range(int(part[0]), int(part[-1]) + 1)]
