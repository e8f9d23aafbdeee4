"""For the tests of plugins, ours and yours: a scriptable context and panel host, and one check of a whole plugin."""

from studio.testing.check import check_plugin
from studio.testing.context import FakeContext
from studio.testing.panel_host import FakePanelHost

__all__ = ["FakeContext", "FakePanelHost", "check_plugin"]
