"""Notifications of SNS, signed by the `cryptography` package.

    sns_notifications.py < questions    reads [kind of certificate, {field: value}, {field signed with another value}],
                                        one a line, to the end; then prints for each {body, certificate, authority,
                                        issuer}: the signed JSON, the PEM that SigningCertURL has, the PEM of the root,
                                        and the DER (Base64) of the authority between the two where there is one

Certificates hold from 2026-01-01 to 2027-01-01 but for those of the kinds `expired` and `future`.
"""
import base64
import datetime
import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

ISSUER_URL = "http://crt.r2m01.amazontrust.com/r2m01.cer"


def name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def certificate(subject, key, issuer, issuer_key, years=(2026, 2027), authority=False, alternative=None, place=None):
    builder = (
        x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(years[0], 1, 1)).not_valid_after(datetime.datetime(years[1], 1, 1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True))
    if alternative:
        kind = x509.RegisteredID if isinstance(alternative, x509.ObjectIdentifier) else x509.DNSName
        builder = builder.add_extension(x509.SubjectAlternativeName([kind(alternative)]), critical=False)
    if place:
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(place))
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def pem(*certificates):
    return "".join(c.public_bytes(serialization.Encoding.PEM).decode() for c in certificates)


def text_to_sign(fields):
    names = (["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
             if fields["Type"] == "Notification" else
             ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"])
    return "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields).encode()


def main():
    key, small = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    root_key, between_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = certificate("Root", root_key, "Root", root_key, (2020, 2040), authority=True)
    between = certificate("Between", between_key, "Root", root_key, (2020, 2040), authority=True)
    issuer = base64.b64encode(between.public_bytes(serialization.Encoding.DER)).decode()
    sns = "sns.amazonaws.com"

    def signed_by_root(subject=sns, key=key, **more):
        return pem(certificate(subject, key, "Root", root_key, **more))

    kinds = {
        "good": lambda: signed_by_root(alternative=sns),
        "common-name": signed_by_root,
        "expired": lambda: signed_by_root(years=(2024, 2025)),
        "future": lambda: signed_by_root(years=(2028, 2029)),
        "other-name": lambda: signed_by_root("sns.example.com"),
        "longer-name": lambda: signed_by_root("sns.amazonaws.com.evil.example"),
        "other-alternative": lambda: signed_by_root(alternative="s3.amazonaws.com"),
        "unnamed-alternative": lambda: signed_by_root(alternative=x509.ObjectIdentifier("1.2.3.4")),
        "wildcard": lambda: signed_by_root("*.amazonaws.com", alternative="*.amazonaws.com"),
        "self-signed": lambda: pem(certificate(sns, key, sns, key)),
        "weak": lambda: signed_by_root(key=small),
        "curve": lambda: signed_by_root(key=curve),
        "chain": lambda: pem(certificate(sns, key, "Between", between_key), between),
        "alone": lambda: pem(certificate(sns, key, "Between", between_key, place=ISSUER_URL)),
        "alone-elsewhere": lambda: pem(
            certificate(sns, key, "Between", between_key, place="http://127.0.0.1/r2m01.cer")),
        "alone-nowhere": lambda: pem(certificate(sns, key, "Between", between_key)),
    }
    for line in [line for line in sys.stdin if line.strip()]:
        kind, fields, otherwise = json.loads(line)
        signer = {"weak": small}.get(kind, key)
        algorithm = hashes.SHA1() if fields["SignatureVersion"] == "1" else hashes.SHA256()
        signature = signer.sign(text_to_sign(fields | otherwise), padding.PKCS1v15(), algorithm)
        body = json.dumps(fields | {"Signature": base64.b64encode(signature).decode()})
        print(json.dumps({"body": body, "certificate": kinds[kind](), "authority": pem(root), "issuer": issuer}))


main()
