"""`python -m tests.goldens.write`: writes the goldens, the JSON Schema and the settings reference again."""

from composition import reference, schema
from tests.goldens.rendered import STACKS, golden_path, golden_text


def main() -> None:
    """Write everything that is generated and committed."""
    for name in STACKS:
        golden_path(name).write_text(golden_text(name))
        print(f"golden: wrote {golden_path(name).name}")
    schema.PATH.write_text(schema.schema_text())
    print(f"golden: wrote {schema.PATH.name}")
    reference.main()


if __name__ == "__main__":
    main()
