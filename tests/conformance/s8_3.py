"""RFC 6275 section 8.3: what every router does.

`mip` is no router; on a home agent's home link radvd is one, as `mip ha radvd` configures it.
"""
import struct

from home import advertised, option_of
from packet import *
from table import MUST, SHOULD, must, should, unit, untested


@should("8.3", "its advertisements can have an Advertisement Interval option, to aid movement detection")
def interval(ha):
    assert option_of(ha, 7), "there is none"


@should("8.3", "that is configurable")
def interval_is_configurable(ha):
    assert "AdvIntervalOpt on;" in ha.mip("ha", "radvd").stdout


@should("8.3", "advertisements can be sent at the faster rate of 7.5: the interval says so")
def faster_rate(ha):
    assert struct.unpack_from("!I", option_of(ha, 7)[0], 4)[0] < 4000


@must("8.3", "the faster rate is configurable")
def rate_is_configurable(ha):
    text = ha.mip("ha", "radvd").stdout
    assert "MinRtrAdvInterval" in text and "MaxRtrAdvInterval" in text


@should("8.3", "at least one prefix has the Router Address bit set and is the router's whole address")
def router_address(ha):
    found = [data for data in option_of(ha, 3) if data[3] & 0x20]
    assert found and text(found[0][16:32]) == ha.addr


untested(SHOULD, "8.3", "who filters routing headers can treat type 2 otherwise than type 0",
         why="the kernel's packet filter does that (nft: rt type); mip filters none")
