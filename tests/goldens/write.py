"""`python -m tests.goldens.write`: writes the goldens, the reports of ten changes, and what is generated: JSON Schema,
settings reference, rules of the policies, engines of the balancer, arguments."""

from composition import arguments, reference, schema
from tests.components.load_balancer import differences
from tests.goldens.rendered import DIRECTORY, STACKS, SUFFIX, golden_files
from tests.policies import page
from tests.report import changed


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
    changed.write()
    print(f"golden: wrote {len(changed.TEN)} reports")
    schema.PATH.write_text(schema.schema_text())
    print(f"golden: wrote {schema.PATH.name}")
    reference.main()
    page.main()
    differences.write()
    arguments.main()


if __name__ == "__main__":
    main()
