"""Answers of phonenumbers about E.164 numbers.

Reads JSON strings, one a line, to the end; then prints for each true if it is a possible number, else false.

The number is taken as it stands: parse() would strip a national prefix (+44 0151… becomes +44 151…), which strict
E.164 has no room for. A length that is possible only within an area ("local only") doesn't count.
"""
import json
import sys

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber, ValidationResult, is_possible_number_with_reason


def possible(text):
    digits = text[1:]
    for length in (1, 2, 3):
        code, national = digits[:length], digits[length:]
        if code and code[0] != "0" and int(code) in COUNTRY_CODE_TO_REGION_CODE:
            break
    else:
        return False
    if not national:
        return False
    zeros = min(len(national) - len(national.lstrip("0")), len(national) - 1)
    number = PhoneNumber(
        country_code=int(code), national_number=int(national),
        italian_leading_zero=zeros > 0, number_of_leading_zeros=zeros or None)
    return is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE


numbers = [json.loads(line) for line in sys.stdin]
print("\n".join(json.dumps(possible(number)) for number in numbers))
