"""What no file of the repository may hold."""

import ast
import re

import pytest

# Joined here, so that this file does not hold what it looks for.
_HOSTS = [
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("yarnpkg", "com"),
]
_KEY = "-----BEGIN " + r"(?:[A-Z]+ )?" + "PRIVATE KEY"
FORBIDDEN = {
    "a private key": re.compile(_KEY),
    "the host of a package registry": re.compile("|".join(rf"\b{a}\.{b}\b" for a, b in _HOSTS)),
    "a path of one person's machine": re.compile(r"(?<![\w./}-])/(?:work|root|home/[a-z]+)/\w"),
    "a letter with cedilla": re.compile("[\u015e\u015f\u0162\u0163]"),
    "an emoji": re.compile("[\U0001f300-\U0001faff\u2705\u274c\u2728]"),
    "a note to do something later": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b"),
}
SAMPLES = {
    "a private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "the host of a package registry": "https://files." + "pythonhosted" + ".org/x",
    "a path of one person's machine": "see /ro" + "ot/notes.txt",
    "a letter with cedilla": "\u015ftiri",
    "an emoji": "done \u2705",
    "a note to do something later": "# TO" + "DO: later",
}
# Authorities do send them: who plays an authority or tests its answers has to write them.
EXCEPTIONS = {"a letter with cedilla": ("sandbox/", "/tests/", "anaf_taxpayer/fields.py")}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what, texts):
    found = [
        f"{path}:{text[: match.start()].count(chr(10)) + 1}"
        for path, text in texts
        if not any(word in path for word in EXCEPTIONS.get(what, ()))
        for match in [FORBIDDEN[what].search(text)]
        if match
    ]
    assert not found, f"{what}: {', '.join(found)}"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_it_would_be_found(what):
    assert FORBIDDEN[what].search(SAMPLES[what])


def test_key_files_are_certificates(root):
    for file in root.glob("services/**/*.pem"):
        assert "BEGIN CERTIFICATE" in file.read_text("utf-8")


def test_links_of_the_documents_lead_somewhere(texts, root):
    link = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
    broken = [
        f"{path}: {target}"
        for path, text in texts
        if path.endswith(".md")
        for target in link.findall(text)
        if not (root / path).parent.joinpath(target).exists()
    ]
    assert not broken


def test_python_in_the_how_to_pages_is_the_snippet_that_is_run(root):
    page = (root / "docs" / "how-to" / "publish-and-subscribe.md").read_text("utf-8")
    snippet = (root / "docs" / "snippets" / "publish_and_subscribe.py").read_text("utf-8")
    code = snippet.split('"""', 2)[2].strip()
    assert f"```python\n{code}\n```" in page
    ast.parse(snippet)


def test_recipes_that_the_documents_name_exist(root, texts):
    recipes = set(
        re.findall(r"^([a-z][a-z-]*)(?: [*\w]+)*:", (root / "justfile").read_text("utf-8"), re.M)
    )
    pages = [(path, text) for path, text in texts if path.endswith(".md")]
    named = {
        (path, name)
        for path, text in pages
        for name in re.findall(r"\./justw ([a-z][a-z-]*)", text)
    }
    assert named
    assert not {one for one in named if one[1] not in recipes}
