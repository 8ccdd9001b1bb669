"""How often long-lived processes look for garbage."""

import gc


def collect_seldom() -> None:
    """Let the garbage collector leave alone what lives as long as the process.

    Requests and deliveries leave hardly any cycles behind. At the default thresholds a busy server
    made two full collections a second, of up to 54 ms each, which freed next to nothing; a sender
    spent two fifths of its processor time on them, a rebuild of read models more than a quarter.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
