"""`python -m tests.goldens.write`: writes the goldens, the JSON Schema, the settings reference and the arguments."""

from composition import arguments, reference, schema
from tests.goldens.rendered import DIRECTORY, STACKS, SUFFIX, golden_files


def main() -> None:
    """Write everything that is generated and committed. A golden that no component writes any more is deleted."""
    rendered = {name: golden_files(name) for name in STACKS}
    for path in DIRECTORY.rglob(f"*{SUFFIX}"):
        path.unlink()
    for name, files in rendered.items():
        (DIRECTORY / name).mkdir(exist_ok=True)
        for file, text in files.items():
            (DIRECTORY / name / file).write_text(text)
        print(f"golden: wrote {name}/, {len(files)} files")
    schema.PATH.write_text(schema.schema_text())
    print(f"golden: wrote {schema.PATH.name}")
    reference.main()
    arguments.main()


if __name__ == "__main__":
    main()
