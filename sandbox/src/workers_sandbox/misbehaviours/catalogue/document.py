"""The life of a document: verdicts, delays, duplicates."""

from .scenario import DOWNLOAD, UPLOAD, UPLOAD_ONLY, Scenario

DOCUMENT = (
    Scenario(
        id="accepted-then-ok",
        title="Accepted, processed, valid",
        title_ro="Acceptată, prelucrată, validă",
        at_anaf="The upload gets an index, the state is 'in prelucrare', then 'ok'. The sandbox's "
        "own checks are not applied.",
        good_client="Asks for the state with growing pauses, downloads once, verifies the seal, "
        "keeps the ZIP byte for byte.",
        operations=UPLOAD_ONLY,
        usual=UPLOAD_ONLY,
        lasting=True,
    ),
    Scenario(
        id="nok-one-error",
        title="Refused with one message",
        title_ro="Respinsă cu o eroare",
        at_anaf="The state becomes 'nok'; the ZIP holds an error file (element 'Error', "
        "namespace spelt 'mesajEroriFactuta') and a seal. The invoice does not count as sent.",
        good_client="Reports the message to a person, does not send the same bytes again.",
        operations=UPLOAD_ONLY,
        usual=UPLOAD_ONLY,
        lasting=True,
        variants=("nok", "not-taken"),
        parameters=("message",),
    ),
    Scenario(
        id="nok-many-errors",
        title="Refused with many messages",
        title_ro="Respinsă cu multe erori",
        at_anaf="As before, with a dozen messages in one error file.",
        good_client="Reports all of them, in order.",
        operations=UPLOAD_ONLY,
        usual=UPLOAD_ONLY,
        lasting=True,
        parameters=("count",),
    ),
    Scenario(
        id="processing-for-hours",
        title="In processing for hours",
        title_ro="În prelucrare ore întregi",
        at_anaf="The state stays 'in prelucrare' for hours on a busy day.",
        good_client="Waits with growing pauses, far below 100 state calls a day, until the legal "
        "deadline.",
        operations=UPLOAD_ONLY,
        usual=UPLOAD_ONLY,
        lasting=True,
        parameters=("seconds",),
    ),
    Scenario(
        id="message-past-60-days",
        title="Message past its 60 days",
        title_ro="Mesaj mai vechi de 60 de zile",
        at_anaf="The list still shows a message whose file can no longer be downloaded.",
        good_client="Records it once as expired and never asks again.",
        operations=frozenset({UPLOAD, DOWNLOAD}),
        usual=frozenset({DOWNLOAD}),
        lasting=True,
    ),
    Scenario(
        id="message-listed-late",
        title="Message listed late",
        title_ro="Mesaj apărut târziu în listă",
        at_anaf="The list entry comes up to 15 minutes after the state is 'ok'.",
        good_client="Asks with overlapping windows instead of a 'last seen' mark; waits before it "
        "believes that an upload is lost.",
        operations=UPLOAD_ONLY,
        usual=UPLOAD_ONLY,
        lasting=True,
        parameters=("seconds",),
    ),
    Scenario(
        id="duplicate-upload",
        title="Duplicate of an earlier upload",
        title_ro="Duplicat al unei încărcări anterioare",
        at_anaf="An earlier upload of the same invoice was taken although its answer was lost; "
        "this one gets an index, then 'nok' with the first index.",
        good_client="Follows the first index: the invoice is sent, not refused.",
        operations=UPLOAD_ONLY,
        usual=UPLOAD_ONLY,
        lasting=True,
    ),
    Scenario(
        id="archive-with-errors-no-seal",
        title="Error archive without a seal",
        title_ro="Arhivă de erori fără semnătură",
        at_anaf="The ZIP of a refused document holds no semnatura_ member.",
        good_client="Reads the messages, keeps the ZIP, notes that the seal is missing.",
        operations=frozenset({UPLOAD, DOWNLOAD}),
        usual=UPLOAD_ONLY,
        lasting=True,
    ),
)
