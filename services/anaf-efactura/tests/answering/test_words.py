"""The XML of a message, what makes two the same, and which texts cannot be sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaf_efactura.answering.refusing import explained, problems
from anaf_efactura.answering.words import digest, digest_of, xml_of
from anaf_efactura.archive import Archive, Kind, _describe
from workers_contracts.efactura import Rejection

SENDABLE = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r"),
    min_size=1,
    max_size=200,
)


def read(content: bytes) -> Archive:
    return _describe(content, "1.xml", None, "1")


def test_the_bytes_are_these():
    assert (
        xml_of("5001131297", 'Linia "2" & <restul>\nașa')
        == (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            '<header xmlns="mfp:anaf:dgti:spv:reqMesaj:v1" index_incarcare="5001131297" '
            'message="Linia &quot;2&quot; &amp; &lt;restul&gt;&#xA;așa"/>'
        ).encode()
    )


@given(SENDABLE)
def test_every_text_that_is_sent_arrives_as_it_was_written(text):
    assert all(error.rule != "WRK-MESSAGE-CHARACTER" for error in problems(text, most=1000))
    archive = read(xml_of("42", text))
    assert (archive.kind, archive.about, archive.message) == (Kind.BUYER_MESSAGE, "42", text)
    assert digest_of(archive) == digest("42", text)


@pytest.mark.parametrize("other", ["Alt text", "un  text .", "Un text"])
def test_other_words_are_another_message(other):
    assert digest("42", other) != digest("42", "un text")


def test_blanks_and_leading_zeros_make_no_other_message():
    assert digest("42", " un\n text ") == digest("0042", "un text")
    assert digest("42", "un text") != digest("43", "un text")


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", ["EMPTY"]),
        (" \n\t", ["EMPTY"]),
        ("x" * 10, []),
        ("x" * 11, ["LENGTH"]),
        ("un\x00text", ["CHARACTER"]),
        ("text \x0b", ["CHARACTER"]),
        ("text \ufffe", ["CHARACTER"]),
        ("a\ud800b", ["CHARACTER"]),
        ("\x1b" * 11, ["LENGTH", "CHARACTER"]),
        ("ș ț \U0001d400\n", []),
    ],
)
def test_texts_that_cannot_be_sent_are_refused_in_both_languages(text, rules):
    found = problems(text, most=10)
    assert [error.rule.removeprefix("WRK-MESSAGE-") for error in found] == rules
    for error in found:
        (told,) = error.explanations
        assert error.field == "text"
        assert error.message == f"{told.text.ro} {told.mend.ro}"
        assert told.text.en
        assert told.mend.en


def test_a_character_is_named_with_its_place():
    (error,) = problems("un\x00text", most=10)
    assert error.message.startswith("Caracterul 3 al mesajului (U+0000) nu poate fi trimis.")


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("Nu exista factura cu id_incarcare= 15000", "does not know the invoice"),
        ("Fisierul transmis nu este valid. org.xml.sax.SAXParseException; x", "does not accept"),
        ("Marime fisier transmis mai mare de 10 MB.", "does not accept"),
        ("Factura a mai fost transmisa anterior cu index=5", "has this message already"),
        ("ceva ce nu s-a mai vazut", "in ANAF's words"),
    ],
)
def test_anafs_words_stay_and_are_explained(text, means):
    told = explained(Rejection(rule="ANAF", message=text))
    assert told.message == text
    (explanation,) = told.explanations
    assert means in explanation.text.en
    assert explained(told) == told
