"""RFC 6275 section 10.3: how mobile nodes register with a home agent and de-register."""
from home import NOT_HERE, NOT_SUBNET, OLD, Other, given, neighbour, refused
from packet import *
from table import MUST, SHOULD, must, should, unit, untested

PROHIBITED, NO_RESOURCES, NO_HOME_REG, NOT_UNIQUE, TYPE_CHANGE = 129, 130, 131, 134, 139
NOT_ROUTABLE = ("ff02::1", "fe80::77", "::", "::1")


# --- 10.3.1: validation and authorisation --------------------------------------------------------------------------

@must("10.3.1", "an update with a home address that is not unicast routable is discarded (9.5.1)")
def home_not_routable(ha):
    m = ha.mobile()
    for home in NOT_ROUTABLE:
        ha.silent(mh_packet(m.coa, ha.addr, bu_mh(1, ACK | HOME, 60), hao_=home))


@must("10.3.1", "a sequence number not above the last is refused with status 135 and the last one (9.5.1)")
def sequence_number(ha):
    m = ha.mobile()
    m.bind(seq=300)
    for seq in (300, 299, 300 + 32768):
        assert refused(ha, m, m.bu(seq=seq), OLD).mh.seq == 300


@must("10.3.1", "an update that changes the type of registration is refused with status 139 (9.5.1)")
def type_change(ha):
    m = ha.mobile()
    m.bind()
    home = ha.one(mh_packet(m.home, ha.addr, hoti_mh(b"homehome"))).inner.mh
    coa = ha.one(mh_packet(m.coa, ha.addr, hoti_mh(b"care-of "[:8], COTI))).mh
    message = bu_mh(m.seq + 1, ACK, 60, (NONCES, struct.pack("!HH", home.nonce, coa.nonce)), (AUTH, bytes(12)))
    message = sign(message, kbm(home.token, coa.token), m.coa, ha.addr)
    p = ha.one(mh_packet(m.coa, ha.addr, message, hao_=m.home))
    assert (p.mh.type, p.mh.status, p.dst) == (BA, TYPE_CHANGE, m.coa), p
    assert m.is_bound()


@must("10.3.1", "an update that is not authenticated makes no binding")
def not_authenticated(ha):
    m = ha.mobile()
    ha.mip("ha", "set", "insecure", "no")
    try:
        refused(ha, m, m.bu(), PROHIBITED)
    finally:
        ha.mip("ha", "set", "insecure", "yes")
    assert not m.is_bound()


unit(MUST, "10.3.1", "where a security association stands for the home address, an update without it is not processed",
     "test_ipsec", "without_ipsec_nothing_changes")


@must("10.3.1", "a node that is no home agent rejects a home registration with status 131")
def no_home_agent(cn):
    m = cn.mobile()
    p = cn.one(mh_packet(m.coa, cn.addr, bu_mh(5, ACK | HOME, 60), hao_=m.home))
    assert (p.mh.type, p.mh.status, p.mh.seq, p.dst, p.rh2) == (BA, NO_HOME_REG, 5, m.coa, m.home), p


@must("10.3.1", "a home address that is not on the home link makes no binding")
def not_on_link(ha):
    m = ha.mobile(home="2001:db8:77::1")
    ha.ask(m.bu())
    assert not ha.list("binding", "show", "home", m.home)


@should("10.3.1", "a home address that is not on the home link: status 132")
def not_on_link_is_said(ha):
    m = ha.mobile(home="2001:db8:77::2")
    refused(ha, m, m.bu(), NOT_SUBNET)


@should("10.3.1", "no room for another binding: status 130")
def no_room(ha):
    m = ha.mobile()
    ha.mip("ha", "set", "max-bindings", "1")
    try:
        refused(ha, m, m.bu(), NO_RESOURCES)
    finally:
        ha.mip("ha", "set", "max-bindings", "100000")


@should("10.3.1", "a registration that is not allowed: status 129")
def not_allowed(ha):
    ha.mip("ha", "set", "insecure", "no")
    ha.mip("acl", "allow", "2001:db8:1::a:0:0/96", "insecure")
    try:
        refused(ha, m := ha.mobile(home="2001:db8:1::dead:1"), m.bu(), PROHIBITED)
        ha.mobile(home="2001:db8:1::a:0:1").bind()
    finally:
        ha.mip("ha", "set", "insecure", "yes")
        ha.mip("acl", "del", "2001:db8:1::a:0:0/96")


@must("10.3.1", "a registration has a Home Address option: without it there is no binding")
def needs_hao(ha):
    m = ha.mobile()
    mark = ha.wire.mark()
    ha.ask(m.bu(hao=False, options=[(ALT_COA, addr(m.coa))]))
    ha.jump(1.1)
    ha.settle()
    assert not [p for p in ha.answers(mark) if p.mh and p.mh.type == BA and p.mh.status < 128 and p.mh.life]
    assert not m.is_bound()


@must("10.3.1", "the Home Address option of an update is not held against the binding cache")
def hao_without_binding(ha):
    ha.mobile().bind()


# --- 10.3.1: the entry ---------------------------------------------------------------------------------------------

@must("10.3.1", "an accepted update makes an entry for its home address")
def makes_entry(ha):
    m = ha.mobile()
    m.bind()
    assert m.is_bound()


@must("10.3.1", "an accepted update for a home address that has an entry updates it")
def updates_entry(ha):
    m = ha.mobile()
    m.bind()
    m.coa = "2001:db8:f2::2"
    m.bind()
    assert m.is_bound()


@must("10.3.1", "the care-of address of an Alternate Care-of Address option is the one that counts (9.5.2)")
def alternate_care_of(ha):
    m = ha.mobile()
    m.bind(options=[(ALT_COA, addr("2001:db8:f3::1"))])
    assert m.is_bound("2001:db8:f3::1")


@must("10.3.1", "a home registration does not give way to another one when the cache is full")
def does_not_give_way(ha):
    m = ha.mobile()
    m.bind(life=2)
    ha.mip("ha", "set", "max-bindings", "1")
    try:
        for _ in range(5):
            ha.ask(ha.mobile().bu())
    finally:
        ha.mip("ha", "set", "max-bindings", "100000")
    assert m.is_bound()


@must("10.3.1", "a home registration stays until its lifetime is over, used or not, refreshed or not")
def stays(ha):
    m = ha.mobile()
    m.bind(life=100)
    ha.advance(396)
    assert m.is_bound()


# --- 10.3.1: Duplicate Address Detection ---------------------------------------------------------------------------

@must("10.3.1", "Duplicate Address Detection of the home address comes before the acknowledgement")
def dad_first(ha):
    m = ha.mobile()
    mark = ha.wire.mark()
    assert not ha.ask(m.bu()), "acknowledged before the time of the detection was over"
    ns = [p for p in ha.wire.since(mark) if p.icmp == NS and p.target == m.home]
    group = text(addr("ff02::1:ff00:0")[:13] + addr(m.home)[13:])
    assert ns and (ns[0].src, ns[0].dst, ns[0].hops) == ("::", group, 255) and not list(ns[0].nd_options()), ns
    ha.jump(1.1)
    ha.settle()
    assert [p.mh.status for p in ha.answers(mark)] == [0]


@must("10.3.1", "with a binding there already, the acknowledgement comes without another detection")
def dad_once(ha):
    m = ha.mobile()
    m.bind()
    mark = ha.wire.mark()
    assert ha.one(m.bu()).mh.status == 0
    assert not [p for p in ha.wire.since(mark) if p.icmp == NS and p.src == "::"]


def taken(ha, m, told, flags):
    """It registers; during the detection somebody on the link says told(home address)."""
    assert not ha.ask(m.bu(flags=flags))
    p = ha.one(told)
    assert (p.mh.type, p.mh.status, p.mh.seq, p.dst, p.rh2) == (BA, NOT_UNIQUE, m.seq, m.coa, m.home), p
    ha.jump(1.1)
    ha.settle()
    assert not m.is_bound()


@must("10.3.1", "somebody on the link has the home address: the update is rejected with status 134")
def dad_fails(ha):
    m = ha.mobile()
    taken(ha, m, na_packet(m.home, "ff02::1", m.home, neighbour(1), flags=0x20), ACK | HOME)


@must("10.3.1", "somebody on the link is after the home address at the same time: status 134")
def dad_meets_dad(ha):
    m = ha.mobile()
    taken(ha, m, ns_packet("::", m.home), ACK | HOME)


@must("10.3.1", "L set, and somebody on the link has the link-local address that belongs to it: status 134")
def dad_of_link_local_fails(ha):
    m = ha.mobile()
    ll = link_local(m.home)
    taken(ha, m, na_packet(ll, "ff02::1", ll, neighbour(1), flags=0x20), ACK | HOME | LINKLOCAL)


@must("10.3.1", "L clear: the link-local address is not looked for, and who has it is no obstacle")
def no_link_local(ha):
    m = ha.mobile()
    ll = link_local(m.home)
    mark = ha.wire.mark()
    ha.ask(m.bu())
    ha.silent(na_packet(ll, "ff02::1", ll, neighbour(1), flags=0x20))
    ha.jump(1.1)
    ha.settle()
    assert [p.mh.status for p in ha.answers(mark)] == [0]
    assert not [p for p in ha.wire.since(mark) if p.icmp in (NS, NA) and p.target == ll]


@must("10.3.1", "L set: home address and link-local address both go through the detection")
def link_local_too(ha):
    m = ha.mobile()
    mark = ha.wire.mark()
    m.bind(flags=ACK | HOME | LINKLOCAL)
    probed = {p.target for p in ha.wire.since(mark) if p.icmp == NS and p.src == "::"}
    assert {m.home, link_local(m.home)} <= probed, probed


def defended(ha, target):
    """It answers a node that probes for it, to all nodes, with the home agent's link-layer address."""
    mark = ha.wire.mark()
    ha.send(ns_packet("::", target))
    p = ha.wire.expect(lambda p: p.icmp == NA and p.target == target, mark, what="a defence of " + target)
    assert (p.dst, dict(p.nd_options())[2]) == ("ff02::1", lladdr_option(2, ha.wire.node_mac)), p


@must("10.3.1", "for as long as the lifetime was granted the home address is defended against who probes for it")
def defends(ha):
    m = ha.mobile()
    m.bind(life=100)
    ha.advance(390)
    defended(ha, m.home)


@must("10.3.1", "L set: the link-local address is defended, too")
def defends_link_local(ha):
    m = ha.mobile()
    m.bind(flags=ACK | HOME | LINKLOCAL)
    defended(ha, link_local(m.home))


# --- 10.3.1: lifetime ----------------------------------------------------------------------------------------------

@must("10.3.1", "the lifetime is not more than the update asked for")
def lifetime_asked(ha):
    m = ha.mobile()
    assert m.bind(life=33).mh.life <= 33
    ha.advance(33 * 4 + 1)
    assert not m.is_bound()


@must("10.3.1", "the lifetime is not more than the prefix of the home address is valid")
def lifetime_of_prefix(ha):
    with given(ha, valid=400, preferred=400) as prefix:
        m = ha.mobile(home=prefix + "aa")
        assert m.bind(life=200).mh.life <= 100


@should("10.3.1", "for how long the prefix is preferred has no effect on the lifetime")
def lifetime_not_of_preferred(ha):
    with given(ha, valid=86400, preferred=40) as prefix:
        m = ha.mobile(home=prefix + "aa")
        assert m.bind(life=200).mh.life == 200


@must("10.3.1", "a binding is removed when the prefix of its home address is no longer valid")
def ends_with_prefix(ha):
    with given(ha, valid=100, preferred=100) as prefix:
        m = ha.mobile(home=prefix + "aa")
        m.bind(life=200)
        ha.advance(101)
        assert not ha.list("binding", "show", "home", m.home)


@must("10.3.1", "a binding is removed when its prefix ends earlier than it was to when the binding was made")
def ends_with_shortened_prefix(ha):
    with given(ha, valid=86400, preferred=86400) as prefix:
        m = ha.mobile(home=prefix + "aa")
        m.bind(life=200)
        ha.own_ra(prefix, valid=60, preferred=60)
        ha.settle()
        ha.advance(62)
        assert not ha.list("binding", "show", "home", m.home)


@must("10.3.1", "a binding is removed when its prefix is withdrawn")
def ends_with_withdrawn_prefix(ha):
    with given(ha, valid=86400, preferred=86400) as prefix:
        m = ha.mobile(home=prefix + "aa")
        m.bind(life=200)
        ha.own_ra(prefix, valid=0, preferred=0)
        ha.settle()
        assert not ha.list("binding", "show", "home", m.home)


@must("10.3.1", "a home address of a prefix that was withdrawn, or whose lifetime ended, is not registered (132)")
def withdrawn_prefix(ha):
    with given(ha, valid=86400, preferred=86400) as prefix:
        for end in ("withdrawn", "over"):
            m = ha.mobile(home=prefix + ("aa" if end == "over" else "ab"))
            m.bind(life=40)
            ha.own_ra(prefix, valid=0 if end == "withdrawn" else 30, preferred=0)
            ha.settle()
            if end == "over":
                ha.advance(40)
            refused(ha, m, m.bu(), NOT_SUBNET)
            Other(ha).advertise(addrs=(), lifetime=0)   # one without it changes nothing
            refused(ha, m, m.bu(), NOT_SUBNET)
            ha.own_ra(prefix, valid=86400, preferred=86400)
            ha.settle()
            m.bind()


@must("10.3.1", "an entry is deleted when the lifetime of the last update is over")
def expires(ha):
    m = ha.mobile()
    m.bind(life=30)
    ha.advance(118)
    assert m.is_bound()
    ha.advance(3)
    assert not m.is_bound()


# --- 10.3.1: the acknowledgement -----------------------------------------------------------------------------------

@must("10.3.1", "whether or not the A bit is set, there is an acknowledgement")
def always_acknowledged(ha):
    m = ha.mobile()
    m.bind(flags=HOME)
    m.bind(flags=HOME)


@must("10.3.1", "status 0 when the prefix of the home address stays preferred")
def status_0(ha):
    with given(ha, valid=86400, preferred=86400) as prefix:
        assert ha.mobile(home=prefix + "aa").bind(life=60).mh.status == 0


@must("10.3.1", "status 1 when the prefix of the home address is deprecated")
def status_1_deprecated(ha):
    with given(ha, valid=86400, preferred=0) as prefix:
        assert ha.mobile(home=prefix + "aa").bind(life=60).mh.status == 1


@must("10.3.1", "status 1 when the prefix becomes deprecated during the lifetime of the binding")
def status_1_later(ha):
    with given(ha, valid=86400, preferred=200) as prefix:
        assert ha.mobile(home=prefix + "aa").bind(life=60).mh.status == 1


@must("10.3.1", "status 1 when the prefix becomes invalid at the end of the lifetime")
def status_1_at_the_end(ha):
    with given(ha, valid=200, preferred=200) as prefix:
        assert ha.mobile(home=prefix + "aa").bind(life=600).mh.status == 1


@must("10.3.1", "lifetimes of prefixes are compared in units of four seconds, the rest ignored")
def units(ha):
    with given(ha, valid=86400, preferred=86400) as prefix:
        m = ha.mobile(home=prefix + "aa")
        m.bind()
        for preferred, status in ((243, 0), (238, 1)):
            ha.own_ra(prefix, valid=86400, preferred=preferred)
            ha.settle()
            assert m.bind(life=60).mh.status == status, preferred


@must("10.3.1", "the K bit is clear where keys are not negotiated, whatever the update says")
def k_bit(ha):
    assert not ha.mobile().bind(flags=ACK | HOME | KEYMNG).mh.flags & 0x80


untested(SHOULD, "10.3.1", "K clear: connections of key management to the old care-of address are discarded",
         why="strongSwan discards them when the mobile node negotiates from the new one (unique = replace)")
unit(SHOULD, "10.3.1", "K set: the peer endpoint of key management moves to the new care-of address", "test_ipsec", "the_home_agent_answers_k")


@must("10.3.1", "the sequence number is that of the update")
def sequence_is_copied(ha):
    m = ha.mobile()
    assert m.bind(seq=4711).mh.seq == 4711 and m.bind(seq=4800).mh.seq == 4800


@must("10.3.1", "the lifetime is what remains for the entry")
def lifetime_said(ha):
    m = ha.mobile()
    ha.mip("ha", "set", "max-lifetime", "200")
    try:
        assert m.bind(life=600).mh.life == 50
    finally:
        ha.mip("ha", "set", "max-lifetime", "3600")
    ha.advance(197)
    assert m.is_bound()
    ha.advance(4)
    assert not m.is_bound()


@must("10.3.1", "bindings are kept on disk: there is no Binding Refresh Advice option")
def no_refresh_advice(ha):
    assert not ha.mobile().bind().mh.options


untested(MUST, "10.3.1", "the interval of a Binding Refresh Advice option is less than the lifetime",
         why="bindings are kept on disk, so the option must not be sent, and is not")


@must("10.3.1", "the acknowledgement goes to the source address of the update, with a type 2 routing header (9.5.4)")
def to_the_source(ha):
    m = ha.mobile()
    p = m.bind(options=[(ALT_COA, addr("2001:db8:f3::2"))])
    assert (p.src, p.dst, p.rh2, p.segments_left) == (ha.addr, m.coa, m.home, 1), p


@must("10.3.1", "packets for the home address are intercepted while the binding stands")
def intercepts(ha):
    m = ha.mobile()
    assert not m.is_bound()
    m.bind()
    assert m.is_bound()


@must("10.3.1", "reverse-tunnelled packets are accepted from the new care-of address")
def accepts_from_new(ha):
    m = ha.mobile()
    m.bind()
    m.coa = "2001:db8:f2::3"
    m.bind()
    assert ha.one(m.up(echo(m.home, "2001:db8:cc::1", 5))).payload[8:] == b"conform!"


@must("10.3.1", "new prefixes of the home network are told to the mobile node")
def propagates(ha):
    ha.mip("ha", "set", "min-prefix-interval", "1", "max-prefix-interval", "10")
    try:
        m = ha.mobile()
        m.bind()
        mark = ha.wire.mark()
        with given(ha, valid=86400, preferred=86400) as prefix:
            ha.advance(11)
            assert [p for p in ha.wire.since(mark) if p.icmp == MPA and p.dst == m.coa and addr(prefix)[:8] in p.raw]
    finally:
        ha.mip("ha", "set", "max-prefix-interval", "0")
    m.unbind()


# --- 10.3.2: de-registration ---------------------------------------------------------------------------------------

@must("10.3.2", "a de-registration is validated and authorised like a registration: not with an old number")
def de_registration_is_validated(ha):
    m = ha.mobile()
    m.bind(seq=50)
    refused(ha, m, m.bu(life=0, seq=50), OLD)
    assert m.is_bound()


@must("10.3.2", "without an entry for the home address a de-registration is rejected")
def nothing_to_remove(ha):
    m = ha.mobile()
    assert ha.one(m.bu(life=0)).mh.status >= 128


@should("10.3.2", "without an entry for the home address a de-registration is answered with status 133")
def nothing_to_remove_is_said(ha):
    m = ha.mobile()
    refused(ha, m, m.bu(life=0), NOT_HERE)


@must("10.3.2", "a de-registration is acknowledged with status 0, its sequence number, lifetime 0 and no refresh advice")
def de_registration(ha):
    m = ha.mobile()
    m.bind()
    p = ha.one(m.bu(life=0))
    assert (p.mh.type, p.mh.status, p.mh.seq, p.mh.life, p.mh.options) == (BA, 0, m.seq, 0, {}), p
    assert (p.src, p.dst, p.rh2) == (ha.addr, m.coa, m.home), p


@must("10.3.2", "a de-registration is acknowledged even without the A bit")
def de_registration_without_a(ha):
    m = ha.mobile()
    m.bind()
    p = ha.one(m.bu(life=0, flags=HOME))
    assert (p.mh.type, p.mh.status, p.mh.seq) == (BA, 0, m.seq), p


@must("10.3.2", "the K bit is clear where keys are not negotiated, whatever the de-registration says")
def k_bit_of_de_registration(ha):
    m = ha.mobile()
    m.bind()
    assert not ha.one(m.bu(life=0, flags=ACK | HOME | KEYMNG)).mh.flags & 0x80


@must("10.3.2", "a care-of address that is the home address de-registers, whatever the lifetime")
def care_of_is_home(ha):
    m = ha.mobile()
    m.bind()
    p = ha.one(m.bu(life=60, options=[(ALT_COA, addr(m.home))]))
    assert (p.mh.status, p.mh.life) == (0, 0), p
    assert not m.is_bound()


@must("10.3.2", "at home the Home Address option may be left out: acknowledged at the home address, on the link")
def from_home(ha):
    m = ha.mobile()
    m.bind()
    ha.wire.host(m.home, neighbour(7))
    p = ha.one(m.bu(life=0, hao=False))
    assert (p.mh.status, p.mh.life, p.dst, p.rh2, p.mac_to) == (0, 0, m.home, None, neighbour(7)), p


@must("10.3.2", "a refusal to a mobile node on the home link goes to its link-layer address, not into the tunnel")
def refusal_on_the_link(ha):
    m = ha.mobile()
    m.bind(seq=60)
    ha.wire.host(m.home, neighbour(8))
    p = ha.one(m.bu(life=0, seq=59, hao=False))
    assert (p.mh.status, p.dst, p.rh2, p.mac_to) == (OLD, m.home, None, neighbour(8)), p


@should("10.3.2", "an update delayed on its way makes no new entry: status 135 at the care-of address")
def delayed_update(ha):
    m = ha.mobile()
    m.bind(seq=70)
    ha.wire.host(m.home, neighbour(9))
    assert ha.one(m.bu(life=0, seq=72, hao=False)).mh.status == 0
    ha.advance(9)
    p = refused(ha, m, m.bu(seq=71), OLD)
    assert (p.dst, p.mh.seq) == (m.coa, 72), p


@must("10.3.2", "packets for the mobile node are no longer intercepted")
def intercepts_no_more(ha):
    m = ha.mobile()
    m.bind()
    m.unbind()
    assert not m.is_bound()
    mark = ha.wire.mark()
    ha.send(ns_packet(ha.router, m.home, neighbour(1)))
    ha.settle()
    assert not [p for p in ha.wire.since(mark) if p.icmp == NA and p.target == m.home]
