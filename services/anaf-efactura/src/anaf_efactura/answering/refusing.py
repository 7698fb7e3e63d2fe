"""Why a message is not sent, or was refused by ANAF; explained in Romanian and English."""

import re
from collections.abc import Iterator
from typing import Final

from workers_anaf.refusals import RefusalKind, classify_text
from workers_contracts.efactura import Explanation, Rejection, Text

# What XML 1.0 has no way to write, not even by its number.
_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ANAF: Final = "ANAF"

_ASK_MAINTAINERS: Final = Text(
    ro="Fișierul este făcut de acest serviciu: arătați textul ANAF celor care îl întrețin.",
    en="The file is made by this service: show ANAF's words to those who maintain it.",
)
_EXPLAINED: Final = {
    RefusalKind.DOCUMENT: (
        Text(
            ro="ANAF nu acceptă fișierul mesajului.",
            en="ANAF does not accept the file of the message.",
        ),
        _ASK_MAINTAINERS,
    ),
    RefusalKind.NOT_FOUND: (
        Text(
            ro="ANAF nu cunoaște factura despre care este mesajul.",
            en="ANAF does not know the invoice that the message is about.",
        ),
        Text(
            ro="Verificați about_index: este indexul de încărcare al facturii primite, câmpul "
            "upload_index din evenimentul efactura.received.",
            en="Check about_index: it is the upload index of the invoice that was received, the "
            "field upload_index of its efactura.received.",
        ),
    ),
    RefusalKind.DUPLICATE: (
        Text(ro="ANAF are deja acest mesaj.", en="ANAF has this message already."),
        Text(
            ro="Nu îl trimiteți din nou; îl găsiți în SPV, la mesajele transmise.",
            en="Do not send it again; it is in SPV, among the messages that were sent.",
        ),
    ),
}
_OTHERWISE: Final = (
    Text(
        ro="ANAF a refuzat mesajul; motivul este în textul ANAF.",
        en="ANAF refused the message; the reason is in ANAF's words.",
    ),
    Text(
        ro="Corectați ce spune textul ANAF și trimiteți mesajul din nou, sau scrieți furnizorului "
        "pe altă cale.",
        en="Correct what ANAF's words say and send the message again, or write to the supplier "
        "another way.",
    ),
)


def problems(text: str, *, most: int) -> tuple[Rejection, ...]:
    """Return why a text cannot be sent; nothing when it can.

    Args:
        text: what the buyer wrote.
        most: characters that are allowed.
    """
    return tuple(_problems(text, most))


def _problems(text: str, most: int) -> Iterator[Rejection]:
    if not text.strip():
        yield _local(
            "WRK-MESSAGE-EMPTY",
            Text(ro="Mesajul este gol.", en="The message is empty."),
            Text(ro="Scrieți textul mesajului.", en="Write the text of the message."),
        )
    if len(text) > most:
        yield _local(
            "WRK-MESSAGE-LENGTH",
            Text(
                ro=f"Mesajul este prea lung: numărul de caractere este {len(text)}, iar limita "
                f"este {most}.",
                en=f"The message is too long: it has {len(text)} characters, the limit is {most}.",
            ),
            Text(
                ro="Scurtați textul sau împărțiți-l în mai multe mesaje.",
                en="Shorten the text, or divide it into several messages.",
            ),
        )
    if found := _NO_XML.search(text):
        what = f"U+{ord(found[0]):04X}"
        yield _local(
            "WRK-MESSAGE-CHARACTER",
            Text(
                ro=f"Caracterul {found.start() + 1} al mesajului ({what}) nu poate fi trimis.",
                en=f"Character {found.start() + 1} of the message ({what}) cannot be sent.",
            ),
            Text(
                ro="Ștergeți caracterul; de obicei vine dintr-un text copiat.",
                en="Delete the character; as a rule it comes from a text that was copied.",
            ),
        )


def _local(rule: str, text: Text, mend: Text) -> Rejection:
    return Rejection(
        rule=rule,
        message=f"{text.ro} {mend.ro}",
        field="text",
        explanations=[Explanation(rule=rule, text=text, mend=mend)],
    )


def explained(error: Rejection) -> Rejection:
    """Return a reason of ANAF's with what it means for a message; its words stay as they are."""
    if error.explanations:
        return error
    text, mend = _EXPLAINED.get(classify_text(error.message).kind, _OTHERWISE)
    told = Explanation(rule=error.rule or _ANAF, text=text, mend=mend)
    return error.model_copy(update={"explanations": [told]})
