"""Answers of smsutil and gsm0338 about SMS texts.

    segmentation.py alphabet          prints {"scalar": septets} of every character that gsm0338 can encode
    segmentation.py split < texts     reads JSON strings, one a line, to the end; then prints for each
                                      {"encoding", "units", "parts": [units of each part]}

smsutil takes U+001B for a character of GSM-7, which it is not: texts with it are not to be asked about.
"""
import json
import sys

import gsm0338
import smsutil

codec = gsm0338.Codec()


def alphabet():
    septets = {}
    for scalar in range(0x110000):
        if 0xD800 <= scalar <= 0xDFFF:
            continue
        try:
            septets[scalar] = len(codec.encode(chr(scalar))[0])
        except UnicodeEncodeError:
            pass
    return septets


def split(text):
    result = smsutil.split(text)
    bytes_per_unit = 1 if result.encoding == "gsm0338" else 2
    return {
        "encoding": "GSM7" if result.encoding == "gsm0338" else "UCS2",
        "units": result.total_bytes // bytes_per_unit,
        "parts": [part.bytes // bytes_per_unit for part in result.parts],
    }


if sys.argv[1] == "alphabet":
    print(json.dumps(alphabet()))
else:
    texts = [json.loads(line) for line in sys.stdin]
    print("\n".join(json.dumps(split(text)) for text in texts))
