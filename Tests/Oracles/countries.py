"""Answers of phonenumbers about the countries of numbers.

Reads country calling codes as JSON strings, one a line, to the end; then prints for each a list of [number, country]:
numbers that phonenumbers knows to be some country's (all that it gives as examples, and many at random), and whose.
"""
import json
import random
import sys

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumber, ValidationResult, is_possible_number_with_reason,
    region_code_for_number)
from phonenumbers.phonemetadata import REGION_CODE_FOR_NON_GEO_ENTITY as NO_COUNTRY

KINDS = "fixed_line mobile toll_free premium_rate shared_cost personal_number voip pager uan voicemail".split()


def country(code, national):
    """Of a possible number; None if it is of none that is known."""
    zeros = min(len(national) - len(national.lstrip("0")), len(national) - 1)
    number = PhoneNumber(
        country_code=int(code), national_number=int(national),
        italian_leading_zero=zeros > 0, number_of_leading_zeros=zeros or None)
    possible = is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return region_code_for_number(number) if possible else None


def nationals(code):
    countries = COUNTRY_CODE_TO_REGION_CODE[int(code)]
    for region in countries:
        metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
        for kind in KINDS:
            example = getattr(metadata, kind) and getattr(metadata, kind).example_number
            if not example:
                continue
            yield example
            # Its neighbours: other last digits, and other digits anywhere.
            for _ in range(200 if len(countries) > 1 else 5):
                keep = random.randrange(len(example))
                yield example[:keep] + "".join(random.choice("0123456789") for _ in example[keep:])
    if len(countries) > 1:
        longest = max(PhoneMetadata.metadata_for_region(countries[0]).general_desc.possible_length)
        for lead in range(10_000):
            rest = "".join(random.choice("0123456789") for _ in range(longest - 4))
            yield f"{lead:04}{rest}"


random.seed(7)
for line in sys.stdin.read().splitlines():
    code = json.loads(line)
    known = [(national, country(code, national)) for national in nationals(code)]
    print(json.dumps([
        [f"+{code}{national}", "" if region == NO_COUNTRY else region] for national, region in known if region]))
