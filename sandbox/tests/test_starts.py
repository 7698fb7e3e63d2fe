"""Numbers after a restart: repeatable, unless the sandbox is told to go on counting."""

from pathlib import Path

from workers_sandbox.settings import Settings
from workers_sandbox.world import World


def _indices(world: World) -> list[int]:
    return [int(world.numbers.index()) for _ in range(5)]


def _start(folder: Path) -> World:
    return World(Settings(key_dir=folder, keep_counting=True))


def test_numbers_go_on_after_a_restart_with_the_same_folder(tmp_path: Path):
    first = _start(tmp_path / "keys")
    second = _start(tmp_path / "keys")
    assert min(_indices(second)) > max(_indices(first))
    assert int(second.numbers.message()) > int(first.numbers.message())
    assert first.keys.seal_pem == second.keys.seal_pem


def test_first_start_of_a_folder_gives_the_numbers_of_the_seed(tmp_path: Path):
    assert _indices(_start(tmp_path)) == _indices(World(Settings()))


def test_without_the_option_a_restart_repeats_the_numbers(tmp_path: Path):
    assert _indices(World(Settings(key_dir=tmp_path))) == _indices(
        World(Settings(key_dir=tmp_path))
    )


def test_a_reset_repeats_the_numbers_of_its_start(tmp_path: Path):
    _start(tmp_path)
    world = _start(tmp_path)
    before = _indices(world)
    world.reset()
    assert _indices(world) == before
