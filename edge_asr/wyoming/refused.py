"""What is not taken on the Wyoming port."""


class RefusedError(Exception):
    """It ends the connection: `code` is a word for the client's program, the text a line for a person."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
