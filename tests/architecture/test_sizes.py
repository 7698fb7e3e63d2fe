"""Modules and functions stay readable in one go."""

import ast
from statistics import median

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
MEDIAN_MODULE_LINES = 100


def _functions(node: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [one for one in ast.walk(node) if isinstance(one, kinds) and one is not node]


def _span(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _long_functions(tree: ast.Module) -> list[tuple[str, int]]:
    """Lines of each function without those of the functions inside it, which count alone."""
    sizes = []
    for function in _functions(tree):
        inside = _functions(function)
        nested = {id(deeper) for one in inside for deeper in _functions(one)}
        own = _span(function) - sum(_span(one) for one in inside if id(one) not in nested)
        sizes.append((function.name, own))
    return [(name, size) for name, size in sizes if size > MAX_FUNCTION_LINES]


def _lines(file) -> int:
    return len(file.read_text("utf-8").splitlines())


def test_no_module_is_too_long(shipped, root):
    found = {str(f.relative_to(root)): _lines(f) for f in shipped}
    assert not {name: lines for name, lines in found.items() if lines > MAX_MODULE_LINES}


def test_modules_are_usually_short(shipped):
    assert median(_lines(file) for file in shipped) < MEDIAN_MODULE_LINES


def test_no_function_is_too_long(shipped, root, parsed):
    written = [file for file in shipped if "migrations" not in file.parts]  # those are generated
    found = [
        (str(f.relative_to(root)), *one) for f in written for one in _long_functions(parsed(f))
    ]
    assert not found


def test_a_long_function_is_found():
    text = "def long():\n" + "    x = 1\n" * MAX_FUNCTION_LINES
    assert _long_functions(ast.parse(text)) == [("long", MAX_FUNCTION_LINES + 1)]
    assert not _long_functions(ast.parse(text.removesuffix("    x = 1\n")))


def test_no_module_has_a_name_that_says_nothing(shipped, root):
    empty = {"utils", "helpers", "common", "misc", "manager", "base_utils"}
    assert not [str(f.relative_to(root)) for f in shipped if f.stem in empty]
