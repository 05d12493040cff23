"""The typed dictionaries are those of the settings."""

from composition.arguments import DIRECTORY, args_files, arguments


def test_the_committed_arguments_are_those_of_the_settings() -> None:
    committed = {path.name: path.read_text() for path in DIRECTORY.glob("*.py")}
    assert committed == args_files(arguments()), "run `make golden`"
