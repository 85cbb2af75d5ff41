"""RFC 5555 section 5: security."""
from packet import *
from node_ipv4 import ELSEWHERE, ports, udp
from table import MUST, SHOULD, must, unit, untested

NO_IKE = "not so: keys for IPsec are configured, and IPsec does not reach into UDP"

unit(MUST, "5", "a home address that IPsec protects is not registered unprotected in UDP", "test_ipv4",
     "what_is_not_right_is_nothing")
unit(MUST, "5", "nor one that may register with proof only", "test_ipv4", "what_is_not_right_is_nothing")
unit(MUST, "5", "who binds an IPv4 home address has the right to", "test_home4", "none_without_a_rule")


@must("5", "who does not know the sequence number, and sends from anywhere, takes nothing from a binding")
def forged(ha4):
    m = ha4.mobile()
    m.bind()
    other = udp(ELSEWHERE, next(ports))
    for life in (0, 60):
        m.ask(m.bu(seq=m.seq - 100, life=life), by=other)
        m.seq += 100
    assert len(m.down()) == 1 and not m.down(by=other)


@must("5", "no answer to an address that proved nothing is longer than its question")
def no_amplifier(ha4):
    m = ha4.mobile()
    m.bind()
    other = udp(ELSEWHERE, next(ports))
    for question in (m.bu(seq=m.seq - 1), m.bu(seq=m.seq + 1, life=0, flags=ACK | HOME), echo(m.home, ha4.addr, 1),
                     echo(m.home, ha4.addr, 1, data=b""), m.bu(seq=5)[:-4], bytes(48), b""):
        answers = m.ask(question, by=other)
        assert sum(len(p.raw) for p in answers) <= len(question), answers


untested(MUST, "5.1", "keys move with the node (K), and IKE goes on from port 4500", why=NO_IKE)
untested(MUST, "5.2", "IKE finds the NAT, and the SA is of the home address", why=NO_IKE)
untested(SHOULD, "5.2", "payload is protected in UDP as RFC 3948 has it", why=NO_IKE)
