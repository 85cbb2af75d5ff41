"""RFC 3963 section 8: a routing protocol between mobile router and home agent."""
from home import is_let_out, names, part, router
from node_mr import HOST
from packet import *
from table import MUST, SHOULD, must, untested

NO_PROTOCOL = "not so: no routing protocol runs through the tunnel; the networks are named or configured"


@must("8", "a packet from a link-local address that comes out of the tunnel is not forwarded to another link")
def link_local_at_the_agent(ha):
    with router(ha) as m:
        m.bind(**names(part(m, 0)))
        assert not is_let_out(ha, m, "fe80::5")


@must("8", "a packet from a link-local address inside is not forwarded to another link")
def link_local_at_the_router(mr):
    mr.lan.host("fe80::11")
    assert not mr.up(src="fe80::11") and mr.up(src=HOST)


untested(MUST, "8", "away, no routing updates are sent on the visited link", why=NO_PROTOCOL)
untested(SHOULD, "8", "with a routing protocol the updates name no prefixes", why=NO_PROTOCOL)
untested(MUST, "8", "routing messages in the tunnel are authenticated and encrypted", why=NO_PROTOCOL)
