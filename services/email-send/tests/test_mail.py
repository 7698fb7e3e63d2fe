"""From a command to bytes: what a reader of mail makes of them."""

import email
import email.policy
import time
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from email_send import signing
from email_send.addresses import check
from email_send.errors import MailInvalidError
from email_send.mail import File, build, mail_id, plan
from email_send.replies import Meaning, Reply
from email_send.templating import Templates, day, money
from email_send.text import from_html
from workers_contracts.email import Mailbox, SendEmail

SENDER = check(Mailbox(address="facturi@prima.example", name="Prima Țară, SRL"), "sender")
TEMPLATES = Templates()
MOMENT = datetime(2026, 3, 2, 9, 15, 4, tzinfo=UTC)


def made(files=(), **fields) -> bytes:
    fields.setdefault("to", ["ana@client.example"])
    fields.setdefault("subject", "Factura")
    if not fields.keys() & {"text", "html", "template"}:
        fields["text"] = "x"
    if "template" in fields:
        del fields["subject"]
    planned = plan(SendEmail(**fields), SENDER, TEMPLATES)
    return build(planned, files, identity="1f2e@prima.example", moment=MOMENT)


def read(raw: bytes):
    return email.message_from_bytes(raw, policy=email.policy.default)


def test_structure_is_the_one_that_readers_expect():
    files = [
        File("sigla.png", "image/png", b"png", cid="logo"),
        File("factură.pdf", "application/pdf", b"pdf"),
    ]
    message = read(
        made(
            files,
            html="<p>ș <img src='cid:logo'></p>",
            images=[
                {"cid": "logo", "name": "sigla.png", "artifact": {
                    "uri": "file:///a", "sha256": "a" * 64, "size": 3, "media_type": "image/png"}}
            ],
        )
    )  # fmt: skip
    shape = [part.get_content_type() for part in message.walk()]
    assert shape == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related",
        "text/html", "image/png", "application/pdf",
    ]  # fmt: skip
    assert message.get_body(("plain",)).get_content().strip() == "ș"
    assert [one.get_filename() for one in message.iter_attachments()] == ["factură.pdf"]


def test_headers_of_threads_bulk_and_people():
    long_id = f"{'x' * 200}@prima.example"
    raw = made(
        to=[{"address": "ana@țară.example", "name": "Ana, „șefa”"}, "ion@client.example"],
        in_reply_to="b@x.example",
        references=["<a@x.example>", long_id],
        unsubscribe_url="https://prima.example/u/" + "7" * 300,
        unsubscribe_email="lista@țară.example",
        importance="high",
        headers={"X-Campaign": "facturi ș"},
        awaits_answer=True,
    )
    message = read(raw)
    assert str(message["From"]) == '"Prima Țară, SRL" <facturi@prima.example>'
    first, second = message["To"].addresses
    assert (first.display_name, first.addr_spec) == ("Ana, „șefa”", "ana@xn--ar-kla13i.example")
    assert second.addr_spec == "ion@client.example"
    assert message["In-Reply-To"] == "<b@x.example>"
    assert message["References"].split() == ["<a@x.example>", f"<{long_id}>", "<b@x.example>"]
    assert message["List-Unsubscribe"].split() == [
        f"<https://prima.example/u/{'7' * 300}>,",
        "<mailto:lista@xn--ar-kla13i.example>",
    ]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Date"] == "Mon, 02 Mar 2026 09:15:04 +0000"
    assert (message["Importance"], message["X-Priority"]) == ("high", "1")
    assert message["Auto-Submitted"] is None
    assert message["X-Campaign"] == "facturi ș"
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert raw.isascii()
    assert not any(b"\n" in line or b"\r" in line for line in lines)


@settings(max_examples=60, deadline=None)
@given(
    subject=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=150),
    text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=400),
)
def test_any_text_comes_out_as_it_went_in(subject, text):
    raw = made(subject=subject, text=text)
    message = read(raw)
    assert message["Subject"] == subject
    assert (
        message.get_content().replace("\r\n", "\n")
        == text.rstrip("\n")
        + "\n" * (1 if not text.endswith("\n") else len(text) - len(text.rstrip("\n")))
        or "\u2028" in text
        or "\u2029" in text
    )
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


@pytest.mark.parametrize("language", ["ro", "en"])
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("invoice_accepted", {"number": "PMX-1", "supplier": "A & B", "customer": "C",
                              "total": "1190", "currency": "RON", "upload_index": "5000"}),
        ("invoice_rejected", {"number": "PMX-1", "supplier": "A & B", "customer": "C",
                              "errors": ["<b>BR-CO-15</b>", "R2"], "due": "2026-03-07"}),
        ("deadline", {"company": "A & B", "what": "D406", "due": "2026-03-31", "days_left": 3}),
    ],
)  # fmt: skip
def test_shipped_templates_say_everything_and_need_everything(name, data, language):
    content = TEMPLATES.render(name, language, data)
    everything = content.subject + content.text
    assert "A & B" in content.text
    assert "A &amp; B" in content.html
    assert f'lang="{language}"' in content.html
    assert "<b>" not in content.html
    assert not set("{}%") & set(everything)
    if language == "ro":
        assert not set("şţŞŢ") & set(everything + content.html)
    for field in data.keys() - {"upload_index", "due", "days_left"} | (
        {"due"} if name == "deadline" else set()
    ):
        with pytest.raises(MailInvalidError, match=field) as refused:
            TEMPLATES.render(name, language, {k: v for k, v in data.items() if k != field})
        assert refused.value.field == "data"


@pytest.mark.parametrize(
    "hostile",
    ["{{ 7*7 }}", "{% for x in y %}", "<script>alert(1)</script>", "{{ ''.__class__.__mro__ }}"],
)
def test_data_are_data_in_a_template(hostile):
    data = {"company": hostile, "what": "x", "due": "2026-03-31"}
    content = TEMPLATES.render("deadline", "ro", data)
    assert hostile in content.text
    assert "<script>" not in content.html


def test_own_templates_stand_before_those_shipped_and_are_sandboxed(tmp_path):
    (tmp_path / "deadline.ro.txt").write_text("Subject: al nostru {{ a }}\n{{ a }}\n")
    (tmp_path / "deadline.ro.html").write_text("<p>{{ a }}</p>")
    (tmp_path / "evil.ro.txt").write_text(
        "Subject: x\n{{ ''.__class__.__mro__[1].__subclasses__() }}"
    )
    (tmp_path / "evil.ro.html").write_text("x")
    templates = Templates(tmp_path)
    assert templates.render("deadline", "ro", {"a": "<1>"}).subject == "al nostru <1>"
    assert templates.render("deadline", "ro", {"a": "<1>"}).html == "<p>&lt;1&gt;</p>"
    with pytest.raises(MailInvalidError):
        templates.render("evil", "ro", {})
    with pytest.raises(MailInvalidError, match="there are: deadline, evil, invoice_accepted"):
        templates.render("nothing", "ro", {})


def test_numbers_and_dates_are_written_as_people_do():
    assert (money("1234567.5"), money("1234567.5", "en")) == ("1.234.567,50", "1,234,567.50")
    assert (day("2026-03-02"), day("2026-03-02", "en")) == ("02.03.2026", "2 March 2026")
    with pytest.raises(MailInvalidError):
        TEMPLATES.render("deadline", "ro", {"company": "a", "what": "b", "due": "mâine"})


def test_image_that_the_html_does_not_show_is_refused():
    artifact = {"uri": "file:///a", "sha256": "a" * 64, "size": 3, "media_type": "image/png"}
    with pytest.raises(MailInvalidError) as refused:
        made(html="<p>x</p>", images=[{"cid": "logo", "name": "a.png", "artifact": artifact}])
    assert refused.value.field == "images.0.cid"


@pytest.mark.parametrize("kind", ["message/rfc822", "multipart/mixed", "pdf", "a/b\r\nc", "x/y"])
def test_file_of_a_kind_that_would_be_a_mail_itself_goes_as_bytes(kind):
    [part] = read(made([File("a.bin", kind, b"\x00x")])).iter_attachments()
    assert part.get_content_type() == "application/octet-stream"
    assert part.get_content() == b"\x00x"


def test_text_is_made_from_html():
    html = (
        "<head><title>t</title><style>p{}</style></head><p>Bună&nbsp;ziua,</p><ul><li>unu"
        "<li>doi</ul><a href='https://a.example/x'>aici</a><script>x()</script>"
    )
    assert from_html(html) == "Bună ziua,\n\n- unu\n- doi\naici (https://a.example/x)\n"


def test_message_id_is_the_same_for_the_same_job_and_tells_nothing_of_it():
    assert mail_id("a", "x.example") == mail_id("a", "x.example")
    assert mail_id("a", "x.example") != mail_id("b", "x.example")
    assert len(mail_id("accepted:1", "x.example")) == 32 + len("@x.example")


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_signature_is_one_that_a_verifier_accepts(form):
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
    raw = made(text="Bună ziua.\n.\n" * 50, unsubscribe_url="https://a.example/u")
    sealed = signing.signed(raw, domain="prima.example", selector="s1", pem=pem)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])

    def dns(name, timeout=5):
        assert name == b"s1._domainkey.prima.example."
        return record

    assert dkim.verify(sealed, dnsfunc=dns)
    assert b"list-unsubscribe-post" in sealed.split(b"\r\n\r\n")[0].lower().split(b" b=")[0]
    assert not dkim.verify(sealed.replace(b"Factura", b"Facture"), dnsfunc=dns)
    assert not dkim.verify(sealed.replace(b"=C4=83", b"=C4=84"), dnsfunc=dns)


def test_key_that_cannot_sign_is_refused_at_the_start():
    other = ec.generate_private_key(ec.SECP256R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(ValueError, match="must be RSA"):
        signing.load_key(pem)


@pytest.mark.parametrize(
    ("code", "text", "meaning"),
    [
        (250, "2.1.5 Ok", Meaning.ACCEPTED),
        (251, "will forward", Meaning.ACCEPTED),
        (450, "4.2.0 Greylisted", Meaning.DEFERRED),
        (452, "4.5.3 Too many recipients", Meaning.DEFERRED),
        (550, "5.1.1 User unknown", Meaning.REFUSED),
        (552, "5.2.2 Mailbox full", Meaning.DEFERRED),
        (552, "5.3.4 Message too big", Meaning.REFUSED),
        (554, "5.7.1 Policy", Meaning.REFUSED),
        (354, "Go on", Meaning.REFUSED),
        (-1, "what?", Meaning.DEFERRED),
    ],
)
def test_replies_mean_what_the_standards_say(code, text, meaning):
    assert Reply.of(code, text).meaning is meaning


def test_reply_is_one_printable_line():
    reply = Reply.of(550, "5.1.1 a\r\nb\x00c" + "d" * 1000)
    assert reply.text.startswith("550 5.1.1 a b c")
    assert reply.text.isprintable()
    assert len(reply.text) == 300


@pytest.mark.parametrize("piece", ["<a ", "<!--", "</", "<?", '<a href="http://a">x</a>', "<div>"])
def test_text_of_hostile_html_takes_no_time(piece):
    html = piece * (200_000 // len(piece))
    begun = time.process_time()
    from_html(html)
    assert time.process_time() - begun < 1


def test_text_of_html_that_says_nothing():
    assert [from_html(html) for html in (" ", "<b></b>", "<img src='cid:a'>", "<!-- -->")] == [
        "\n"
    ] * 4
    assert from_html("a<script>b</script><style>c</style>d &euro;&nbsp;ș") == "ad € ș\n"
    assert from_html('<a href="https://a.example">https://a.example</a>') == "https://a.example\n"


@pytest.mark.parametrize("amount", ["1e500000000", "NaN", "Infinity", "abc", "", 10**400, True])
def test_amount_that_is_none_is_refused_and_never_written_out(amount):
    data = {"number": "1", "supplier": "a", "customer": "b", "currency": "RON", "total": amount}
    with pytest.raises(MailInvalidError, match="no amount") as refused:
        Templates().render("invoice_accepted", "ro", data)
    assert refused.value.field == "data"


def test_null_is_no_value_for_a_template():
    data = {"number": None, "supplier": "a", "customer": "b", "currency": "RON", "total": "1"}
    with pytest.raises(MailInvalidError, match="number") as refused:
        Templates().render("invoice_accepted", "ro", data)
    assert refused.value.field == "data"
    assert (
        "None"
        not in Templates()
        .render("invoice_accepted", "ro", {**data, "number": "1", "issued": None})
        .text
    )


def test_one_error_is_not_taken_for_its_letters():
    data = {"number": "1", "supplier": "a", "customer": "b", "errors": "BR-RO-010 lipsește"}
    made = Templates().render("invoice_rejected", "ro", data)
    assert "- BR-RO-010 lipsește\n" in made.text
    assert "<li>BR-RO-010 lipsește</li>" in (made.html or "")
