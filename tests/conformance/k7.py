"""RFC 4877 sections 6 to 9: keys set by hand, keys by IKEv2."""
from table import MUST, SHOULD, net, unit, untested

IPSEC, IKE = "ipsec", "ike"

# --- 6: by hand ----------------------------------------------------------------------------------------------------

net(MUST, "6", "policies and security associations of binding, return routability, prefix discovery and payload can be set by hand",
    IPSEC, "registration: ESP behind the Home Address option")

# --- 7.1: the peer authorization database ------------------------------------------------------------------------------

net(MUST, "7.1", "an entry ties an identity, what proves it, and one home address", IKE, "who is not known, whose secret is another")
net(MUST, "7.1", "a certificate that is expired or revoked proves nothing", IKE, "a certificate that is expired")

# --- 7.2, 7.3: policies, negotiation -----------------------------------------------------------------------------------

net(MUST, "7.2", "selectors are the Mobility Header between home address and home agent", IKE, "charon does not run")
unit(MUST, "7.3", "a mobile node that has none negotiates security associations before its first update", "test_ipsec",
     "keys_come_before_the_first_update")
net(MUST, "7.3", "and sends nothing unprotected meanwhile", IKE, "charon does not run")
net(MUST, "7.3", "IKE is between care-of address and home agent, the binding's security association between home address and home agent", IKE,
    "a handover: the binding moves")
net(MUST, "7.3", "a shared secret authenticates both ends", IKE, "charon does not run")
net(SHOULD, "7.3", "so do certificates", IKE, "certificates: registered with them")
net(MUST, "7.3", "the mobile node says its identity in IDi", IKE, "who is not known, whose secret is another")
net(MUST, "7.3", "the home agent refuses traffic selectors with a home address that is not that identity's", IKE,
    "who is not known, whose secret is another")
untested(MUST, "7.3", "security associations of return routability, prefix discovery and payload are negotiated",
         why="not so: IKE makes those of the binding; the others have keys set by hand")

# --- 7.4: movements ------------------------------------------------------------------------------------------------

unit(MUST, "7.4", "K is set in an update when the ends of IKE can be moved here", "test_ipsec", "an_update_has_k_when_keys_move")
unit(MUST, "7.4", "and in the acknowledgement when they can be moved there", "test_ipsec", "the_home_agent_answers_k")
net(MUST, "7.4", "with K on both sides the IKE_SA is between home agent and new care-of address afterwards", IKE, "a handover: the binding moves")
net(MUST, "7.4", "and renews keys from there", IKE, "the home agent renews IKE's own keys")
unit(MUST, "7.4", "without it, keys are negotiated anew from the new care-of address", "test_ipsec", "an_update_has_k_when_keys_move")
unit(SHOULD, "7.4", "a home agent that lost its keys is noticed, and new ones are negotiated", "test_ipsec",
     "unanswered_updates_bring_new_keys_once")

# --- 8, 9 ----------------------------------------------------------------------------------------------------------

untested(MUST, "8", "with EAP the home agent authenticates by a public key",
         why="not so: EAP, which is optional, is not configured by the agent")
untested(MUST, "9", "a request for INTERNAL_IP6_ADDRESS is answered with a home address",
         why="not so: home addresses are configured; this is optional")
