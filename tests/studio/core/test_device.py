"""What a device has left for the next model."""

from studio.core.device import DeviceStatus


def test_what_is_held_for_models_counts_as_free():
    assert DeviceStatus("CPU", used=6, total=10).free == 4
    assert DeviceStatus("CPU", used=6, total=10, own=5).free == 9
    assert DeviceStatus().free == 0
    assert DeviceStatus("CPU", used=12, total=10).free == 0
