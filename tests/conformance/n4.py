"""RFC 3963 section 4: what mobile routers and home agents say to each other. Every packet is read by packet.py, too."""
from home import AHR, is_routed, names, part, router
from node_mr import NETWORK as PREFIX
from packet import *
from table import must


@must("4.1", "R tells the home agent that the update is a mobile router's")
def r_of_update(mr):
    assert mr.reregister().mh.flags & ROUTER


@must("4.1", "R clear: nothing of a mobile network is forwarded, whatever the update names")
def without_r(ha):
    with router(ha) as m:
        m.bind(options=[network(part(m, 0))])
        assert m.is_bound() and not is_routed(ha, m)


@must("4.2", "R of an acknowledgement is set when the update had it")
def r_of_acknowledgement(ha):
    with router(ha) as m:
        assert m.bind(**names(part(m, 0))).mh.flags & ROUTED
        assert ha.one(m.bu(**names("::/0"))).mh.flags & ROUTED


@must("4.2", "R of an acknowledgement is clear when the update had it clear")
def no_r_of_acknowledgement(ha):
    with router(ha) as m:
        assert not m.bind().mh.flags & ROUTED


@must("4.3", "the option of a prefix is 18 octets long, aligned at 8n+4")
def option_format(mr):
    m = mr.reregister().mh
    assert m.options[NETWORK][1:] == bytes([56]) + addr(PREFIX.split("/")[0]) and not m.bad, m


@must("4.3", "its Reserved field is 0 when sent")
def reserved_is_zero(mr):
    assert mr.reregister().mh.options[NETWORK][0] == 0


@must("4.3", "its Reserved field is ignored when received")
def reserved_is_ignored(ha):
    with router(ha) as m:
        kind, data = network(part(m, 0))
        m.bind(flags=AHR, options=[(kind, b"\xff" + data[1:])])
        assert is_routed(ha, m)


@must("4.3", "an update has as many of them as there are networks")
def several(ha):
    with router(ha) as m:
        m.bind(**names(*(part(m, n) for n in range(4))))
        assert [is_routed(ha, m, n) for n in range(5)] == 4 * [True] + [False]
