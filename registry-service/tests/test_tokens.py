"""Hostile tokens are refused, each for its reason."""

import base64
import json
import time

import jwt
import pytest

from registry_service.config import SettingsError, TokenSettings
from registry_service.tokens import ADMIN, READ, Keyring, TokenRefused

KEY = b"0123456789abcdef0123456789abcdef"
RING = Keyring(KEY, "workers-core", "registry-service")


def claims(**changes):
    now = int(time.time())
    base = {
        "iss": "workers-core",
        "aud": "registry-service",
        "exp": now + 3600,
        "iat": now,
        "scope": ADMIN,
    }
    return {name: value for name, value in (base | changes).items() if value is not None}


def signed(key=KEY, algorithm="HS256", **changes):
    return jwt.encode(claims(**changes), key, algorithm=algorithm)


def unsigned(algorithm="none"):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims())}."


HOSTILE = {
    "none": (unsigned(), "token_wrong_algorithm"),
    "None": (unsigned("None"), "token_wrong_algorithm"),
    "right alg, no signature": (unsigned("HS256"), "token_invalid"),
    "HS384": (signed(KEY * 2, "HS384"), "token_wrong_algorithm"),
    "HS512": (signed(KEY * 2, "HS512"), "token_wrong_algorithm"),
    "other key": (signed(b"x" * 32), "token_invalid"),
    "expired": (signed(exp=int(time.time()) - 60), "token_expired"),
    "future nbf": (signed(nbf=int(time.time()) + 86_400), "token_not_yet_valid"),
    "future iat": (signed(iat=int(time.time()) + 86_400), "token_not_yet_valid"),
    "no exp": (signed(exp=None), "token_claim_missing"),
    "no iss": (signed(iss=None), "token_claim_missing"),
    "no aud": (signed(aud=None), "token_claim_missing"),
    "no scope": (signed(scope=None), "token_claim_missing"),
    "other iss": (signed(iss="somebody"), "token_wrong_issuer"),
    "other aud": (signed(aud="other"), "token_wrong_audience"),
    "aud as list": (signed(aud=["registry-service", "other"]), "token_wrong_audience"),
    "exp as text": (signed(exp="never"), "token_invalid"),
    "oversized": (signed(padding="x" * 5000), "token_too_large"),
    "empty": ("", "token_invalid"),
    "two parts": ("a.b", "token_invalid"),
    "garbage": ("a.b.c", "token_invalid"),
    "not ascii": ("ăîș.țâ.x", "token_invalid"),
    "claims are a list": (
        jwt.api_jws.encode(b"[1]", KEY, algorithm="HS256"),
        "token_invalid",
    ),
}


@pytest.mark.parametrize(("token", "code"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_token_is_refused_with_its_reason(token, code):
    with pytest.raises(TokenRefused) as refused:
        RING.check(token, (ADMIN,))
    assert (refused.value.status, refused.value.code) == (401, code)


@pytest.mark.parametrize(
    "scope", ["", READ, "workers:admin2", "xworkers:admin", "WORKERS:ADMIN", ["workers:admin"], 1]
)
def test_scope_must_match_as_a_word(scope):
    with pytest.raises(TokenRefused) as refused:
        RING.check(signed(scope=scope), (ADMIN,))
    assert refused.value.status in {401, 403}
    assert refused.value.code in {"scope_missing", "token_invalid"}


def test_issued_token_opens_what_its_scope_says():
    token = RING.issue(f"other {READ}", 60, subject="ana")
    assert RING.check(token, (READ, ADMIN)) == "ana"
    with pytest.raises(TokenRefused, match="workers:admin"):
        RING.check(token, (ADMIN,))


def test_no_key_outside_dev_refuses_to_start():
    with pytest.raises(SettingsError, match="REGISTRY_JWT_SECRET"):
        Keyring.of(TokenSettings(environment="production"))


def test_short_key_is_refused_everywhere():
    with pytest.raises(SettingsError, match="at least 32"):
        Keyring.of(TokenSettings(environment="dev", jwt_secret="short"))


def test_dev_without_a_key_makes_a_new_one_each_time():
    settings = TokenSettings(environment="dev")
    assert Keyring.of(settings).key != Keyring.of(settings).key
