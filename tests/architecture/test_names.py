"""One name everywhere, and every service has what a reader expects to find."""

import configparser
import json
import re
import subprocess
import sys

import pytest

from workers_contracts.catalog import commands

FILES = ("README.md", "Dockerfile", "pyproject.toml", "tests/conftest.py")
MODULES = (
    "__init__.py",
    "__main__.py",
    "app.py",
    "config.py",
    "handlers.py",
    "client.py",
    "errors.py",
)


def test_distribution_and_import_package_follow_the_folder(packages):
    for package in packages:
        assert package.source.is_dir(), f"{package.place}: no {package.source.name} in src"
        assert (package.source / "py.typed").exists(), f"{package.place}: py.typed is missing"
        name = package.folder.name
        assert package.project["name"] in {name, f"workers-{name}"}


def test_every_service_has_the_files_of_a_service(services):
    wanted = [*FILES]
    missing = [
        f"{one.place}/{name}"
        for one in services
        for name in [*wanted, *(f"src/{one.source.name}/{module}" for module in MODULES)]
        if not (one.folder / name).exists()
    ]
    assert not missing


def test_every_service_has_tests_of_its_handlers_and_client(services):
    for service in services:
        assert list((service.folder / "tests").rglob("test_*.py")), service.place


def test_every_tag_has_its_folder_and_every_folder_its_tag(services):
    tags = {command.tag for command in commands().values()}
    assert {tag.replace(".", "-") for tag in tags} == {one.folder.name for one in services}


def test_every_image_has_its_locked_requirements(deployables, root):
    for package in deployables:
        text = (root / "requirements" / f"{package.folder.name}.txt").read_text("utf-8")
        assert "--hash=sha256:" in text
        assert not re.search(r"^\s*(-i|--index-url|--extra-index-url|--find-links)", text, re.M)


def test_every_image_that_knows_time_zones_brings_them(product, deployables, script, root):
    """Slim images may have no time-zone files; the package tzdata always has them."""
    needed = script("dockerfiles").needed
    known = {one.place: one for one in [*product, *deployables]}
    for package in deployables:
        inside = [known[place] for place in needed(package.folder)]
        asks = any("ZoneInfo" in f.read_text("utf-8") for one in inside for f in one.modules())
        lock = (root / "requirements" / f"{package.folder.name}.txt").read_text("utf-8")
        assert not asks or "\ntzdata==" in f"\n{lock}", (
            f"{package.place}: declare tzdata in the package that imports zoneinfo, then lock"
        )


def test_all_packages_have_one_version_and_licence(packages):
    assert len({package.project["version"] for package in packages}) == 1
    without = [p.place for p in packages if p.project.get("license") != "Apache-2.0"]
    assert not without


def test_every_recipe_is_documented_and_grouped(root, program):
    command = [program("just"), "--dump", "--dump-format", "json", "--justfile", root / "justfile"]
    recipes = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["recipes"]
    shown = {name: recipe for name, recipe in recipes.items() if not recipe["private"]}
    assert {"test", "demo", "env", "docs"} <= shown.keys()
    for name, recipe in shown.items():
        assert recipe["doc"], f"{name}: write what it does above it"
        assert any("group" in attribute for attribute in recipe["attributes"]), name


def test_packages_import_downwards_only(root):
    command = [sys.executable, str(root / "scripts" / "imports.py"), "--no-cache"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_rules_know_every_package(script, packages):
    imports = script("imports")
    rules = configparser.ConfigParser()
    rules.read_string(imports.configuration(script("members").members()))
    known = rules["importlinter"]["root_packages"].split()
    assert sorted(known) == sorted(package.source.name for package in packages)
    layers = rules["importlinter:contract:layers"]["layers"].split("\n")
    assert {"anaf_taxpayer", "registry_service"} <= set(layers[1].split(" | "))
    forbidden = rules["importlinter:contract:sandbox"]["forbidden_modules"].split()
    assert sorted([*forbidden, "workers_sandbox"]) == sorted(known)


def test_a_shared_package_without_its_layer_is_named(script, root):
    member = script("members").Member(root / "shared" / "new", "workers-new", (), ())
    with pytest.raises(ValueError, match=r"workers_new: say in scripts/imports\.py"):
        script("imports").configuration([member])


@pytest.mark.parametrize(
    "folder", ["contracts", "shared", "services", "registry-service", "sandbox"]
)
def test_tests_folders_are_no_packages(folder, root):
    assert not list((root / folder).rglob("tests/**/__init__.py"))
