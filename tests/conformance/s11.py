"""RFC 6275 section 11: mobile node operation."""
from packet import *
from table import MUST, SHOULD, must, should, unit, untested


@must("11.7.1", "on a foreign link a Binding Update with H and A set goes to the home agent, with a Home Address option")
def home_registration(mn):
    bu = mn.move("f2")
    assert bu.hao == mn.addr and bu.mh.flags & (ACK | HOME) == ACK | HOME and bu.mh.life > 0


@must("11.5.5", "back home it de-registers: lifetime 0, from the home address")
def returning_home(mn):
    mn.move("f1")
    bu = mn.move("home")
    assert bu.mh.life == 0 and bu.src == mn.addr
