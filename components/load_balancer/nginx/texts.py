"""Texts of a stack file as words of nginx.conf."""


def quoted(text: str) -> str:
    """One word, whatever is in it. In most places nginx still puts variables in for `$`."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def exact(text: str) -> str:
    """A text as an expression: every character of it stands for itself."""
    return "".join(f"[{character}]" if character in ".+" else character for character in text)


class Literals:
    """Texts in which nginx would expand `$`, and has no way to be told not to: each becomes the value of a variable,
    which is not read again."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        """Of the variables `text_0`, `text_1`, ..."""

    def __call__(self, text: str) -> str:
        """The text, or the variable that holds it, as a word."""
        if "$" not in text:
            return quoted(text)
        if text not in self.texts:
            self.texts.append(text)
        return f"$text_{self.texts.index(text)}"
