"""An app process with children of its own: `python family.py [stubborn]` prints their ids.

Of its two children one stays in its process group and one leaves it for a new session. A stubborn
one ignores SIGTERM. It needs nothing but the standard library.
"""

import json
import os
import signal
import subprocess
import sys


def main() -> None:
    if "stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    endless = [sys.executable, "-c", "import signal; signal.pause()"]
    child = subprocess.Popen(endless)
    runaway = subprocess.Popen(endless, start_new_session=True)
    pids = {"family": os.getpid(), "child": child.pid, "runaway": runaway.pid}
    sys.stdout.write(json.dumps(pids) + "\n")
    sys.stdout.flush()
    child.wait()


if __name__ == "__main__":
    main()
