"""Cannot be imported."""

import there_is_no_such_module

__all__ = ["there_is_no_such_module"]
