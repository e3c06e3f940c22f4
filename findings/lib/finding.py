"""What the findings share: `see` prints what was seen, and the exit code tells whether it is what was found."""
import atexit
import os
import sys

_changed = []


def see(what, seen, found):
    """Prints what is seen, and remembers it if it is no longer what was found."""
    print(f"  {what}: {seen}")
    if seen != found:
        _changed.append(what)
        print(f"    changed: it was {found}")


def raised(function):
    """What the function raises, by name and text; None if it returns."""
    try:
        function()
    except Exception as error:  # any of a library's own errors
        return f"{type(error).__name__}: {error}"
    return None


def _finish():
    sys.stdout.flush()
    if _changed:
        print("The behaviour has changed: " + "; ".join(_changed))
        sys.stdout.flush()
        os._exit(1)


atexit.register(_finish)
