"""A program that owns a stack: `python keeper.py HOME MODE [fork]`.

It reads its environment as JSON from stdin, starts a stack with the family in it, and prints what
runs as one line. When its stdin ends, it stops. It needs nothing but the standard library.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

from daybook.embedded.stack import stack


def main() -> None:
    home, mode = Path(sys.argv[1]), sys.argv[2]
    environ = json.loads(sys.stdin.readline())
    family = [sys.executable, str(Path(__file__).with_name("family.py"))]
    assert mode in {"dev", "test"}
    with stack(home, mode="dev" if mode == "dev" else "test", environ=environ) as running:
        running.run("family", family)
        log = running.log / "family.log"
        while not log.read_text().endswith("\n"):
            time.sleep(0.01)
        # Like a pool of worker processes, this copy keeps the pipe to the guardian open.
        copy = os.fork() if "fork" in sys.argv else None
        if copy == 0:
            signal.pause()
        answer = {
            "copy": copy,
            "database_url": running.database_url,
            "redis_url": running.redis_url,
            "state": str(running.state),
            "processes": running.processes(),
            "family": json.loads(log.read_text().splitlines()[-1]),
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
