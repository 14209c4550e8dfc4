"""The test that the README shows, word for word (tests/test_architecture.py compares them)."""


# fmt: off
async def test_wrong_pin_discloses_nothing(caller):  # type: ignore[no-untyped-def]
    await caller.dials()
    await caller.says("what's my balance")
    await caller.says("my account number is 447122 and my pin is 0000")
    await caller.hears("does not match our records")
    caller.never_heard("dollar|Dana")
