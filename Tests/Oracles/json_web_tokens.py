"""PyJWT's tokens, and what it thinks of others.

    json_web_tokens.py keys              prints {NAME: {"private": PEM, "public": PEM}} of rsa, other_rsa, small_rsa,
                                         ec, other_ec, ed and other_ed
    json_web_tokens.py sign < questions  reads JSON strings, one a line, each a JSON object {"algorithm", "key",
                                         "header", "claims"}; then prints {"token"} for each. An HS256 key is
                                         base64url, and may be anything.
    json_web_tokens.py verify < questions  likewise {"token", "algorithm", "key", "issuer", "audience"}; prints
                                         {"accepted": whether, "error": the exception's name}
"""
import base64
import hashlib
import hmac
import json
import sys
import warnings

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

warnings.simplefilter("ignore")


def pem(key):
    return {
        "private": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "public": key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    }


def keys():
    made = {
        "rsa": rsa.generate_private_key(65537, 2048),
        "other_rsa": rsa.generate_private_key(65537, 2048),
        "small_rsa": rsa.generate_private_key(65537, 1024),
        "ec": ec.generate_private_key(ec.SECP256R1()),
        "other_ec": ec.generate_private_key(ec.SECP256R1()),
        "ed": ed25519.Ed25519PrivateKey.generate(),
        "other_ed": ed25519.Ed25519PrivateKey.generate(),
    }
    return {name: pem(key) for name, key in made.items()}


def encode(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sign(question):
    algorithm, key, header, claims = (question[name] for name in ("algorithm", "key", "header", "claims"))
    if algorithm == "Ed25519":
        # PyJWT knows the algorithm by its older name alone.
        parts = [encode(json.dumps(part).encode()) for part in ({"alg": "Ed25519", **header}, claims)]
        signed = b".".join(parts)
        private = serialization.load_pem_private_key(key.encode(), None)
        return {"token": (signed + b"." + encode(private.sign(signed))).decode()}
    if algorithm != "HS256":
        return {"token": jwt.encode(claims, key, algorithm, headers=header)}
    # PyJWT does not sign with a public key as the secret; an attacker would.
    parts = [encode(json.dumps(part).encode()) for part in ({"alg": "HS256", **header}, claims)]
    signed = b".".join(parts)
    return {"token": (signed + b"." + encode(hmac.digest(decode(key), signed, hashlib.sha256))).decode()}


def verify(question):
    key = decode(question["key"]) if question["algorithm"] == "HS256" else question["key"]
    try:
        jwt.decode(
            question["token"],
            key,
            algorithms=[question["algorithm"]],
            issuer=question["issuer"],
            audience=question.get("audience"),
            leeway=60,
            options={"require": ["exp", "iss"]},
        )
        return {"accepted": True, "error": ""}
    except Exception as error:
        return {"accepted": False, "error": type(error).__name__}


if sys.argv[1] == "keys":
    print(json.dumps(keys()))
else:
    answer = {"sign": sign, "verify": verify}[sys.argv[1]]
    for question in [json.loads(json.loads(line)) for line in sys.stdin]:
        print(json.dumps(answer(question)))
