#!/usr/bin/env bash
# phonenumbers makes somebody else's valid number of one with a letter O typed for a zero.
#
# Guess: a letter among the digits is an error to parse; at worst the result is not valid.
# Instead: one or two letters end the number: what stands before them is taken. Where lengths vary (Austria, Finland,
# Indonesia) the shorter number is valid, and may belong to somebody else. Three letters or more are dialled as on a
# keypad: an O is a 6, and +1415555O1OO becomes a valid number that nobody meant.
# Why it matters: the text goes to a stranger, is priced, and is reported as delivered. A program that takes numbers
# from people looks for letters before the library does, or compares the digits of its result with those typed.
. "$(dirname "$0")/lib/finding.sh"

python_with phonenumbers==9.0.43

python <<'PYTHON'
import phonenumbers
from finding import see


def read(text):
    number = phonenumbers.parse(text)
    return (phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
            "valid" if phonenumbers.is_valid_number(number) else "not valid",
            phonenumbers.number_type(number) in (phonenumbers.PhoneNumberType.MOBILE,
                                                 phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE))


for meant, typed, found in (
    ("+436641234560", "+43664123456O", "+43664123456"),
    ("+358401234560", "+35840123456O", "+35840123456"),
    ("+6281234567890", "+628123456789O", "+628123456789"),
    ("+14155550100", "+1415555O1OO", "+14155556166"),
):
    see(f"{meant} as it was meant", read(meant), (meant, "valid", True))
    see(f"{typed} with the letter O", read(typed), (found, "valid", True))
PYTHON
