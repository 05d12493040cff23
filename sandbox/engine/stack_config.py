"""The project file and the stack file: what the program gets as its configuration."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.engine.checkpoint import Crypter
from sandbox.engine.errors import EngineError
from sandbox.engine.values import Secret
from settings.document import BadDocument, read_document

CrypterFactory = Callable[[str], Crypter]


@dataclass(frozen=True, kw_only=True, slots=True)
class StackConfig:
    """`values`: every key with its namespace, as the SDK's config reader gets it; `secret_keys`: those to hide."""

    project: str
    stack: str
    path: Path
    salt: str
    values: dict[str, str]
    secret_keys: frozenset[str]

    def shown(self) -> dict[str, str]:
        """The values with secrets masked."""
        return {key: "[secret]" if key in self.secret_keys else value for key, value in self.values.items()}

    def of_package(self, package: str) -> dict[str, Any]:
        """The settings of a package's default provider: those of the namespace `<package>:`."""
        prefix = f"{package}:"
        return {
            key.removeprefix(prefix): Secret(value) if key in self.secret_keys else value
            for key, value in self.values.items()
            if key.startswith(prefix)
        }


def load_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file, as the CLI reads it. Raises EngineError where there is none."""
    try:
        document = read_document(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EngineError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise EngineError(f"{path}: not valid YAML: not UTF-8") from None
    except BadDocument as bad:
        raise EngineError(f"{path}: not valid YAML: {bad}") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise EngineError(f"{path}: expected a mapping, got {type(document).__name__}")
    return document


def project_name(directory: Path) -> str:
    """The `name` in the directory's Pulumi.yaml."""
    document = load_yaml(directory / "Pulumi.yaml")
    name = document.get("name")
    if not isinstance(name, str) or not name:
        raise EngineError(f"{directory / 'Pulumi.yaml'}: name: a project needs one")
    runtime = document.get("runtime")
    runtime = runtime.get("name") if isinstance(runtime, dict) else runtime
    if runtime != "python":
        raise EngineError(f"{directory / 'Pulumi.yaml'}: runtime: got {runtime!r}, the sandbox engine runs only python")
    for key in ("config", "main"):
        if key in document:
            raise EngineError(f"{directory / 'Pulumi.yaml'}: {key}: not supported by the sandbox engine")
    return name


def stack_file(directory: Path, stack: str) -> Path:
    """Where a stack's settings are unless the user names another file."""
    return directory / f"Pulumi.{stack}.yaml"


def load_stack_config(directory: Path, stack: str, file: Path | None, crypter: CrypterFactory) -> StackConfig:
    """Reads and decrypts the stack's configuration. Raises EngineError for files it cannot read."""
    project = project_name(directory)
    path = file or stack_file(directory, stack)
    if not path.exists():
        raise EngineError(f"{path}: no such stack file: create it, or name another with --stack-file")
    document = load_yaml(path)
    config = document.get("config") or {}
    if not isinstance(config, dict):
        raise EngineError(f"{path}: config: expected a mapping, got {type(config).__name__}")
    salt = document.get("encryptionsalt") or ""
    reader = _Reader(path, salt, crypter)
    values: dict[str, str] = {}
    hidden: set[str] = set()
    for key, value in config.items():
        full = key if ":" in key else f"{project}:{key}"
        if full in values:
            raise EngineError(f"{path}: config: {key} is also there as {full}")
        decrypted, is_secret = reader.read(value, key)
        values[full] = _handed_over(decrypted)
        if is_secret:
            hidden.add(full)
    return StackConfig(project=project, stack=stack, path=path, salt=salt, values=values, secret_keys=frozenset(hidden))


def _handed_over(value: Any) -> str:
    """A value as the CLI gives it to the program: texts as they are, the rest as JSON with sorted keys."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


class _Reader:
    """Decrypts `secure:` values at any depth; the crypter is made when the first is met."""

    def __init__(self, path: Path, salt: str, factory: CrypterFactory) -> None:
        self._path = path
        self._salt = salt
        self._factory = factory
        self._crypter: Crypter | None = None

    def read(self, value: Any, where: str) -> tuple[Any, bool]:
        if isinstance(value, dict):
            if set(value) == {"secure"}:
                return self._decrypt(value["secure"], where), True
            pairs = {key: self.read(item, f"{where}.{key}") for key, item in value.items()}
            return {key: item for key, (item, _) in pairs.items()}, any(hidden for _, hidden in pairs.values())
        if isinstance(value, list):
            items = [self.read(item, f"{where}[{index}]") for index, item in enumerate(value)]
            return [item for item, _ in items], any(hidden for _, hidden in items)
        return value, False

    def _decrypt(self, ciphertext: Any, where: str) -> str:
        if not isinstance(ciphertext, str):
            raise EngineError(f"{self._path}: {where}.secure: expected a ciphertext")
        if self._crypter is None:
            if not self._salt:
                raise EngineError(
                    f"{self._path}: {where} is encrypted, but the file has no `encryptionsalt`: "
                    "only the passphrase secrets provider is supported"
                )
            self._crypter = self._factory(self._salt)
        try:
            return self._crypter.decrypt(ciphertext)
        except EngineError as error:
            raise EngineError(f"{self._path}: {where}: {error}") from None
