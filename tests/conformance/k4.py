"""RFC 4877 section 4: requirements. What ESP protects, and what IKE does, is on the wire of a kernel with ESP: the network
tests named here run on the stock one."""
from table import MUST, SHOULD, net, unit, untested

IPSEC, EACH, IKE = "ipsec", "ipsec_each", "ike"

# --- 4.1 -----------------------------------------------------------------------------------------------------------

net(MUST, "4.1", "Binding Updates and Acknowledgements can be in ESP", EACH, "binding alone, aes-gcm")
unit(MUST, "4.1", "and are: where they are to be, one that is not changes nothing", "test_ipsec", "without_ipsec_nothing_changes")
net(MUST, "4.1", "Home Test Inits and Home Tests in the tunnel can be in ESP in tunnel mode", EACH, "test alone, hmac-sha384")
untested(SHOULD, "4.1", "and are", why="who sets the keys chooses what they protect; `mip ipsec gen` makes those of all four")
net(MUST, "4.1", "mobile prefix discovery can be in ESP", EACH, "prefix alone, 3des-cbc")
untested(SHOULD, "4.1", "and is", why="who sets the keys chooses what they protect; `mip ipsec gen` makes those of all four")
untested(MUST, "4.1", "groups joined, and addresses asked for, through the tunnel can be protected as payload",
         why="not so: neither goes through the tunnel (RFC 6275 10.4.3, 10.4.4)")

# --- 4.2 -----------------------------------------------------------------------------------------------------------

unit(MUST, "4.2", "keys set by hand are of one home address, and protect updates of no other", "test_ipsec", "without_ipsec_nothing_changes")
net(MUST, "4.2", "an identity that IKE has proved gets security associations of its own home address alone", IKE,
    "who is not known, whose secret is another")
net(MUST, "4.2", "what authenticates a mobile node and its home address are tied for each (the PAD)", IKE,
    "who is not known, whose secret is another")
net(MUST, "4.2", "the address of a Home Address option is the source that selectors look at", IPSEC, "registration: ESP behind the Home Address option")
net(MUST, "4.2", "that of a type 2 routing header is the destination they look at", IPSEC, "registration: ESP behind the Home Address option")
net(SHOULD, "4.2", "at home, policies of the tunnel are not in force", IPSEC, "home: the update is in ESP there too")
net(MUST, "4.2", "security associations of the tunnel set by hand serve again when the node has left home", IPSEC,
    "home: the update is in ESP there too")
net(MUST, "4.2", "those of the binding are kept at home", IPSEC, "home: the update is in ESP there too")

# --- 4.3 -----------------------------------------------------------------------------------------------------------

untested(SHOULD, "4.3", "the message type of a Mobility Header is a selector",
         why="not so: kernels match it outbound only; the agent looks at the type itself")
net(SHOULD, "4.3", "the message type of ICMPv6 is a selector", EACH, "prefix alone, 3des-cbc")
untested(MUST, "4.3", "a Home Test Init to the home agent itself is told from one that it forwards, by its destination",
         why="RFC 6275 10.4.6, home_test: one with another destination goes on; 9.4.3: one with its own is answered by the correspondent")
net(MUST, "4.3", "updates, acknowledgements and prefix discovery are in transport mode, with a non-null authentication algorithm", EACH,
    "binding alone, aes-gcm")
unit(MUST, "4.3", "an encryption algorithm without authentication is not accepted", "test_ipsec", "wrong_associations_are_refused")
net(MUST, "4.3", "the return routability procedure is protected in tunnel mode, with encryption and authentication", EACH, "test alone, hmac-sha384")
unit(MUST, "4.3", "an update that is protected away from home says its care-of address in the Alternate Care-of Address option",
     "test_mn", "starts_away")
unit(MUST, "4.3", "that address counts, not the one outside", "test_ipsec", "answer_goes_to_the_protected_care_of_address")
net(MUST, "4.3", "the source of what enters a protected tunnel is the primary care-of address", IPSEC, "handover: the tunnels follow")
net(MUST, "4.3", "after an update was accepted, packets of a protected tunnel go to the new care-of address, and are expected from it",
    IPSEC, "handover: the tunnels follow")
net(MUST, "4.3", "nothing else has that effect", IPSEC, "forged registrations and tunnelled packets")

# --- 4.4 -----------------------------------------------------------------------------------------------------------

net(MUST, "4.4", "with keys by IKE what was protected once is not accepted again", IKE, "forged registrations of every form")
unit(MUST, "4.4", "sequence numbers order updates, protected or not", "test_ipsec", "an_old_update_is_refused_after_the_binding_ended")
net(MUST, "4.4", "a mobile node moves its end of IKE as the K bit says, or negotiates anew", IKE, "a handover: the binding moves")
net(MUST, "4.4", "and so does a home agent", IKE, "a handover: the binding moves")
