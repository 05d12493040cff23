"""`python -m tests.goldens.write`: writes the goldens and the JSON Schema again."""

from composition import schema
from tests.goldens.rendered import STACKS, golden_path, golden_text


def main() -> None:
    """Write everything that is generated and committed."""
    for name in STACKS:
        golden_path(name).write_text(golden_text(name))
        print(f"golden: wrote {golden_path(name).name}")
    schema.PATH.write_text(schema.schema_text())
    print(f"golden: wrote {schema.PATH.name}")


if __name__ == "__main__":
    main()
