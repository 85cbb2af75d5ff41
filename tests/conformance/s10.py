"""RFC 6275 section 10: home agent operation."""
from packet import *
from table import MUST, SHOULD, must, should, unit, untested


@must("10.3.1", "a home registration is acknowledged at the care-of address, with a type 2 routing header")
def registration(ha):
    m = ha.mobile()
    p = m.bind()
    assert (p.src, p.dst, p.rh2, p.mh.status, p.mh.seq) == (ha.addr, m.coa, m.home, 0, m.seq)
    assert m.is_bound()


@must("10.3.2", "a de-registration is acknowledged, and the home agent no longer takes the packets")
def de_registration(ha):
    m = ha.mobile()
    m.bind()
    m.unbind()
    assert not m.is_bound()
