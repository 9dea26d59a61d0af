"""What a burst took is given back, and nothing else is lost by that."""

import subprocess
import sys

BURST = """
from pathlib import Path
from connector.memory import give_back, keep_small

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1])

keep_small()
burst = [bytes(1000) for _ in range(100_000)]
kept = [bytes(1000) for _ in range(1000)]
del burst
held = resident()
give_back()
assert [len(one) for one in kept] == [1000] * 1000
print(held, resident())
"""


def test_what_was_freed_goes_back_to_the_system():
    ended = subprocess.run(
        [sys.executable, "-c", BURST], capture_output=True, text=True, check=True
    )
    held, left = map(int, ended.stdout.split())
    assert left < held / 2
