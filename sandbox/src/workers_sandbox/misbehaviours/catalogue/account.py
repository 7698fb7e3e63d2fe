"""The account: tokens, rights, daily limits."""

from .scenario import AUTHORISED, DOWNLOAD, HELLO, LIST, PAGES, STATE, TOKEN, UPLOAD, Scenario

ACCOUNT = (
    Scenario(
        id="quota-text-200",
        title="Daily limit as a text with HTTP 200",
        title_ro="Limită zilnică, text cu HTTP 200",
        at_anaf="'S-au facut deja N ...' inside a 200 answer; the counter starts again at Romanian "
        "midnight.",
        good_client="Makes no such call for that message or CIF until the next Romanian day; other "
        "documents go on.",
        operations=frozenset({UPLOAD, STATE, LIST, PAGES, DOWNLOAD}),
        usual=frozenset({STATE, LIST, PAGES, DOWNLOAD}),
        variants=("text", "extra-brace"),
    ),
    Scenario(
        id="token-expired-401",
        title="Access token no longer accepted",
        title_ro="Token de acces expirat",
        at_anaf="401 for this call and every later one with the same access token.",
        good_client="Refreshes once for all replicas, saves both new tokens, repeats the call.",
        operations=AUTHORISED | {HELLO},
        usual=AUTHORISED,
        chaos=True,
    ),
    Scenario(
        id="no-right-403",
        title="No right for this CIF",
        title_ro="Fără drept în SPV pentru acest CIF",
        at_anaf="403, or 200 with 'Nu aveti drept in SPV pentru CIF='.",
        good_client="Stops for that CIF and tells a person which right is missing.",
        operations=AUTHORISED,
        usual=AUTHORISED,
        variants=("403", "text"),
    ),
    Scenario(
        id="token-endpoint-slow-or-500",
        title="Token endpoint slow or failing",
        title_ro="Serverul de token lent sau cu eroare",
        at_anaf="The identity provider answers 500, or only after a long wait.",
        good_client="Keeps the old refresh token, tries again later; only one replica refreshes.",
        operations=frozenset({TOKEN}),
        usual=frozenset({TOKEN}),
        chaos=True,
        variants=("500", "slow"),
        parameters=("seconds",),
    ),
    Scenario(
        id="refresh-token-expired",
        title="Refresh token expired",
        title_ro="Token de reîmprospătare expirat",
        at_anaf="400 'invalid_grant': only a person with the certificate can log in again.",
        good_client="Stops at once, alerts an operator, does not loop.",
        operations=frozenset({TOKEN}),
        usual=frozenset({TOKEN}),
    ),
)
