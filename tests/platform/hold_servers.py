"""Run the embedded servers of a folder until killed: `hold_servers.py HOME`."""

import json
import signal
import sys
from pathlib import Path

from connector.embedded import Embedded

if __name__ == "__main__":
    embedded = Embedded(Path(sys.argv[1]))
    embedded.start()
    print(json.dumps(embedded.pids), flush=True)
    signal.pause()
