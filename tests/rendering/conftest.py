"""What the tests of the emails can ask for besides."""

from tests.support.browsers import browser

__all__ = ["browser"]
