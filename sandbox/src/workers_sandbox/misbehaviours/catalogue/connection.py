"""The way to the service: silence, resets, pages of others, overload."""

from .scenario import (
    ANY,
    AUTHORISED,
    DOWNLOAD,
    LIFE,
    SLACK,
    TAXPAYER,
    TRANSFORM,
    UPLOAD,
    UPLOAD_ONLY,
    VALIDATE,
    Scenario,
)

CONNECTION = (
    Scenario(
        id="timeout-after-acceptance",
        title="Time-out after acceptance",
        title_ro="Timp expirat după acceptare",
        at_anaf="The upload is stored, but no answer comes back. A second upload would become "
        "'nok' as a duplicate. Of one that is refused, only a file of errors is listed, which "
        "does not name the document.",
        good_client="Treats the result as unknown: searches the list of sent messages before "
        "anything is sent again.",
        operations=ANY | SLACK,
        usual=UPLOAD_ONLY,
        chaos=True,
        variants=("taken", "refused"),
        parameters=("seconds",),
    ),
    Scenario(
        id="timeout-before-acceptance",
        title="Time-out before acceptance",
        title_ro="Timp expirat înainte de acceptare",
        at_anaf="Nothing is stored and no answer comes back. From outside it looks like the one "
        "above.",
        good_client="Searches the list; when the document is not there after a while, sends the "
        "same bytes again.",
        operations=ANY | SLACK,
        usual=UPLOAD_ONLY,
        chaos=True,
        parameters=("seconds",),
    ),
    Scenario(
        id="reset-mid-body",
        title="Connection reset inside the answer",
        title_ro="Conexiune întreruptă în timpul răspunsului",
        at_anaf="The request is done, the answer breaks off after a part of its body.",
        good_client="Reads again what is safe to read; for an upload, result unknown.",
        operations=ANY | SLACK,
        usual=frozenset({UPLOAD, DOWNLOAD}),
        chaos=True,
    ),
    Scenario(
        id="firewall-html-200",
        title="Firewall page with HTTP 200",
        title_ro="Pagină de firewall cu HTTP 200",
        at_anaf="The firewall answers 200 with an HTML page 'Request Rejected' and a support ID; "
        "the service was not reached.",
        good_client="Tells it by its content, notes the support ID, tries later; never reads it as "
        "'not found' or as success.",
        operations=ANY | SLACK,
        usual=LIFE | {TAXPAYER, VALIDATE, TRANSFORM},
        chaos=True,
    ),
    Scenario(
        id="error-500-html",
        title="Error 500",
        title_ro="Eroare 500",
        at_anaf="The server answers 500 with an HTML page; sometimes JSON, or 200 with the text "
        "'A aparut o eroare tehnica'. An upload may or may not have been taken.",
        good_client="Tries reads again later; for an upload, result unknown.",
        operations=ANY | SLACK,
        usual=LIFE,
        chaos=True,
        variants=("html", "json", "technical-text"),
        parameters=("accepted",),
    ),
    Scenario(
        id="unavailable-503-retry-after",
        title="Unavailable, with Retry-After",
        title_ro="Indisponibil, cu Retry-After",
        at_anaf="503 (or 502) from the balancer during maintenance.",
        good_client="Waits at least as long as told, then goes on; for an upload, result unknown.",
        operations=ANY | SLACK,
        usual=LIFE,
        chaos=True,
        variants=("503", "502"),
        parameters=("retry_after",),
    ),
    Scenario(
        id="rate-limited-429",
        title="Too many calls, no Retry-After",
        title_ro="Prea multe apeluri, fără Retry-After",
        at_anaf="More than 1000 calls a minute give 429; no Retry-After is sent.",
        good_client="Slows down for all its replicas; the request was certainly not taken.",
        operations=ANY | SLACK,
        usual=LIFE,
        chaos=True,
    ),
    Scenario(
        id="answer-verbatim",
        title="Any answer, word for word",
        title_ro="Orice răspuns, cuvânt cu cuvânt",
        at_anaf="The answer is the text given in `message`, with HTTP 200 unless `status` says "
        "otherwise; the request is not done.",
        good_client="Judges it by its content: every text of ANAF's has an outcome of its own.",
        operations=AUTHORISED,
        usual=AUTHORISED,
        parameters=("message", "status"),
    ),
)
