"""Numbers as they are written in their countries, and what phonenumbers makes of them.

Prints a list of {country, written, international}, for every country but Argentina, whose mobile numbers are other ones
inside of the country: all that phonenumbers gives as examples, with and without punctuation.
"""
import json
import re
import sys

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

KINDS = [
    PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP,
    PhoneNumberType.PERSONAL_NUMBER,
]

sys.stdin.read()
answers = []
for region in sorted(phonenumbers.SUPPORTED_REGIONS - {"AR"}):
    for kind in KINDS:
        number = phonenumbers.example_number_for_type(region, kind)
        if number is None:
            continue
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        for written in (national, re.sub(r"\D", "", national)):
            international = phonenumbers.format_number(number, PhoneNumberFormat.E164)
            answers.append({"country": region, "written": written, "international": international})
print(json.dumps(answers))
