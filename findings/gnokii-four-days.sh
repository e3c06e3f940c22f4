#!/usr/bin/env bash
# gnokii gives every message four days, whatever --validity says, and every long message the same reference.
#
# Guess: --validity 60 is an hour, as its manual says, and the parts of a long message have a reference that differs
# from that of the last one.
# Instead: its driver for AT modems writes a TP-VP of AA (four days) for five minutes, an hour and a week alike. The
# reference in the concatenation header is always CE. It exits with 0, and says nothing of either.
# Why it matters: a code or an alert that was to be void after five minutes comes days later, when the phone is on.
# Two long messages to one phone have the same key (sender, reference, number of parts), so a phone or gateway that
# joins parts may put one together from both.
. "$(dirname "$0")/lib/finding.sh"

python3 -m venv --without-pip "$work/venv"
debian_with gnokii-cli=0.6.30+dfsg-1.3 libgnokii6=0.6.30+dfsg-1.3 libbluetooth3 libbsd0 libglib2.0-0 libical3 libicu72 \
    libmd0 libpcsclite1 libreadline8 libusb-0.1-4 libx11-6 libxau6 libxcb1 libxdmcp6 libxpm4

python <<'PYTHON'
import os
import subprocess
from datetime import timedelta
from finding import see
from modem import Modem

modem = Modem({"AT+CSCA?": '+CSCA: "+14155550199",145'})
root, configuration = os.environ["WORK"] + "/root", os.environ["WORK"] + "/gnokiirc"
with open(configuration, "w", encoding="ascii") as file:
    file.write(f"[global]\nport = {modem.path}\nmodel = AT\nconnection = serial\n[logging]\ndebug = off\n")
folders = ":".join(f"{root}/{folder}" for folder in ("usr/lib", "usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"))


def send(text, *options):
    """gnokii's exit code, and the SMS-SUBMITs without the number of the service centre before each."""
    before = len(modem.pdus)
    code = subprocess.run([f"{root}/usr/bin/gnokii", "--config", configuration, "--sendsms", "+14155550100", *options],
                          input=text.encode(), env=dict(os.environ, LD_LIBRARY_PATH=folders), timeout=60,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
    return code, [pdu[2 + 2 * int(pdu[:2], 16):] for pdu in modem.pdus[before:]]


def validity(octet):
    """TP-VP in relative format."""
    if octet < 144:
        return timedelta(minutes=5 * (octet + 1))
    if octet < 168:
        return timedelta(hours=12, minutes=30 * (octet - 143))
    return timedelta(days=octet - 166) if octet < 197 else timedelta(weeks=octet - 192)


for minutes in (None, 5, 60, 10080):
    code, [pdu] = send("hello", *(["--validity", str(minutes)] if minutes else []))
    relative = int(pdu[:2], 16) & 0x18 == 0x10
    see(f"--validity {minutes}" if minutes else "no --validity",
        (code, pdu[24:26], str(validity(int(pdu[24:26], 16))) if relative else "not relative"),
        (0, "AA", "4 days, 0:00:00"))

for text in ("abcdefgh" * 20 + "i", "no, " * 50):
    code, pdus = send(text)
    see(f"{len(text)} letters: header of each part", (code, [pdu[28:40] for pdu in pdus]),
        (0, ["050003CE0201", "050003CE0202"]))
PYTHON
