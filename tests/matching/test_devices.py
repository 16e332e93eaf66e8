import pytest

from app.matching.devices import Device, device_in


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("小米电视卡", Device.tv),
        ("機上盒打不開", Device.tv),
        ("苹果手机", Device.ios),
        ("iPad上看", Device.ios),
        ("华为手机闪退", Device.android),
        ("vivo的", Device.android),
        ("网页版没声音", Device.computer),
        ("MAC上放不了", Device.computer),
        ("手机上看不了", None),
        ("macaron", None),
        ("studios", None),
        ("", None),
    ],
)
def test_devices_are_told_by_their_names(text: str, device: Device | None) -> None:
    assert device_in(text) is device
