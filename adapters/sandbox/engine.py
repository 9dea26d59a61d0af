"""What every vendor of the sandbox shares."""

from dataclasses import dataclass, field
from threading import RLock

from adapters.sandbox.clock import Clock
from adapters.sandbox.faults import Faults
from adapters.sandbox.requestlog import RequestLog
from adapters.sandbox.users import Users


@dataclass(slots=True)
class Engine:
    """The clock, the people, the planned faults, the request log and the one lock."""

    lock: RLock = field(default_factory=RLock)
    clock: Clock = field(default_factory=Clock)
    users: Users = field(default_factory=Users)
    faults: Faults = field(default_factory=Faults)
    requests: RequestLog = field(default_factory=RequestLog)

    def reset(self) -> None:
        """Forget everything."""
        self.clock.reset()
        self.users.reset()
        self.faults.clear()
        self.requests.clear()
