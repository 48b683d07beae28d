"""What the text of MRS24 says and does, against its public code and KH16."""

__all__: list[str] = []
