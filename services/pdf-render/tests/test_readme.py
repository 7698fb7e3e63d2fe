"""What the README says is so."""

import re
from pathlib import Path

import pytest

from pdf_render import errors
from pdf_render.config import Settings
from workers_contracts import pdf_templates
from workers_contracts.pdf import RenderPdf
from workers_contracts.pdf_options import PageSetup, Wait
from workers_runtime.config import variable_name

TEXT = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
UNSAID = {"the system's": "None", "none": "()"}


def test_commands_of_the_readme_are_valid():
    blocks = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        RenderPdf.model_validate_json(block)


def test_defaults_of_the_readme_are_those_of_the_settings():
    said = dict(re.findall(r"^\| `([A-Z_]+)` \| `?([^|`]+?)`? \|", TEXT, re.MULTILINE))
    fields = Settings.model_fields
    known = {variable_name(Settings, name, field): field.default for name, field in fields.items()}
    own = {name for name in known if name.startswith("PDF_RENDER_")}
    assert own <= said.keys()
    for name, value in said.items():
        default = known[name]
        text = str(default).lower() if isinstance(default, bool) else str(default)
        if isinstance(default, float):
            text = f"{default:g}"
        assert value == text or UNSAID.get(value) in (text, str(default)) or not default, name


def test_templates_and_their_data_are_named():
    for name, data in pdf_templates.TEMPLATES.items():
        row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{name}` |"))
        assert f"`{data.__name__}`" in row


@pytest.mark.parametrize("model", [RenderPdf, PageSetup, Wait])
def test_every_option_is_named(model):
    missing = [name for name in model.model_fields if f"`{name}`" not in TEXT]
    assert not [name for name in missing if name not in {"reference"}]


def test_errors_that_the_readme_names_exist():
    codes = {one.code for one in vars(errors).values() if isinstance(one, type)}
    assert set(re.findall(r"`(pdf_[a-z_]+)`", TEXT)) <= codes
