"""What ran out, in one line: the disk or the memory. How each of them shows is in `disk` and `memory`."""

from orchestration import disk, memory
from orchestration.settings import Settings


def explain(error: BaseException | str | None, settings: Settings) -> str | None:
    """What is full, how much there is and what to do, if an error is about that; `None` for any other error."""
    if disk.is_full(error):
        return disk.message(settings)
    if any(memory.is_exceeded(str(one)) for one in disk.causes(error)):
        return memory.message(settings)
    return None
