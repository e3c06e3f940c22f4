#!/usr/bin/env bash
# smpp.pdu3, which Jasmin speaks SMPP with, cannot write one moment in ten, and writes others an hour off.
#
# Guess: validity_period takes any datetime; its tenths of a second and its zone are those of that datetime.
# Instead: the division that makes the tenths became a true one with Python 3, so any moment in the last tenth of a
# second (9.5 tenths, say) is over the limit of the digit and raises. The zone's quarters of an hour are those of today,
# not of the date given: a July date written in January, or the reverse, is an hour off where clocks change. Read back,
# +00 is a datetime without a zone, which Python takes for local time.
# Why it matters: datetime.now() + timedelta(hours=1) as validity fails for a tenth of all messages, by chance, and no
# test with round seconds shows it. An hour off, and a short validity is over before the message is tried.
. "$(dirname "$0")/lib/finding.sh"

python_with smpp.pdu3==0.6 tzdata==2026.6

python <<'PYTHON'
from contextlib import redirect_stdout
from datetime import datetime, timezone
import io
from zoneinfo import ZoneInfo
from finding import raised, see
from smpp.pdu.operations import SubmitSM
from smpp.pdu.pdu_encoding import PDUEncoder
from smpp.pdu.smpp_time import parse


def unparse(moment):
    """The validity_period of an encoded submit_sm."""
    message = SubmitSM(source_addr=b"Acme", destination_addr=b"14155550100", short_message=b"x",
                       validity_period=moment)
    encoded = PDUEncoder().encode(message)
    end = encoded.index(b"+\0")
    return encoded[end - 15:end + 1]


noon = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
see("899,999 µs", unparse(noon.replace(microsecond=899_999)), b"260701120000800+")
see("900,000 µs", unparse(noon.replace(microsecond=900_000)), b"260701120000900+")
see("900,001 µs", raised(lambda: unparse(noon.replace(microsecond=900_001))),
    "ValueError: tenths of second must be one digit")
failed = sum(raised(lambda: unparse(noon.replace(microsecond=n))) is not None for n in range(0, 1_000_000, 997))
see("moments that fail, of 1,004 through a second", failed, 101)

berlin = ZoneInfo("Europe/Berlin")
january, july = datetime(2026, 1, 1, 12, tzinfo=berlin), datetime(2026, 7, 1, 12, tzinfo=berlin)
see("hours east of UTC", [moment.utcoffset().seconds // 3600 for moment in (january, july)], [1, 2])
written = [unparse(moment) for moment in (january, july)]
print(f"  written: {written}")
see("both have the quarters of today", written[0][13:] == written[1][13:], True)

with redirect_stdout(io.StringIO()):  # parse prints what it reads
    read = parse(b"260701120000000+")
see("26-07-01 12:00:00 +00 read back", repr(read), "datetime.datetime(2026, 7, 1, 12, 0)")
PYTHON
