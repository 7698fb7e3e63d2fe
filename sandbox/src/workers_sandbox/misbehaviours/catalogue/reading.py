"""What is read back: lists, archives, schemas."""

from .scenario import (
    AUTHORISED,
    DOWNLOAD,
    LIST,
    PAGES,
    REGISTER,
    STATE,
    TAXPAYER,
    UPLOAD,
    VALIDATE,
    Scenario,
)

READING = (
    Scenario(
        id="list-window-clock-drift",
        title="ANAF's clock is behind",
        title_ro="Ceasul ANAF rămâne în urmă",
        at_anaf="A list whose endTime is one second in ANAF's future is refused, with 200.",
        good_client="Ends its window a minute ago; uses the quoted moment to learn the drift.",
        operations=frozenset({PAGES}),
        usual=frozenset({PAGES}),
        variants=("quoted", "unquoted"),
        parameters=("seconds",),
    ),
    Scenario(
        id="corrupt-zip",
        title="Download that is no ZIP",
        title_ro="Descărcare care nu este un ZIP",
        at_anaf="A damaged or cut ZIP, an empty body or an HTML page, all with 200.",
        good_client="Tests the content, not the Content-Type; downloads again within 10 a day.",
        operations=frozenset({DOWNLOAD}),
        usual=frozenset({DOWNLOAD}),
        chaos=True,
        variants=("corrupt", "truncated", "empty", "html"),
    ),
    Scenario(
        id="pages-change-between-calls",
        title="Pages move between two calls",
        title_ro="Paginile se schimbă între apeluri",
        at_anaf="New messages push entries from one page to the next while a client reads.",
        good_client="Tells messages apart by id, reads the window again until nothing is new.",
        operations=frozenset({PAGES}),
        usual=frozenset({PAGES}),
        chaos=True,
        variants=("repeat", "skip"),
        parameters=("count",),
    ),
    Scenario(
        id="schema-drift",
        title="Schema drift",
        title_ro="Schimbare de schemă",
        at_anaf="A new field, another encoding, a byte order mark or another Content-Type "
        "appears without notice.",
        good_client="Reads by local names, honours the encoding, ignores what it does not know.",
        operations=AUTHORISED | {TAXPAYER, REGISTER, VALIDATE},
        usual=frozenset({UPLOAD, STATE, LIST, PAGES, TAXPAYER}),
        chaos=True,
        variants=("new-field", "encoding", "bom", "content-type"),
    ),
)
