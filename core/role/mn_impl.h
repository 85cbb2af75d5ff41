/* Between mn.c (places), mn_reg.c (registrations), mn_agent.c (with whom) and mn_prefix.c (for how long, and under
 * which prefix). */
#ifndef MIP_ROLE_MN_IMPL_H
#define MIP_ROLE_MN_IMPL_H

#include "role/event.h"
#include "role/mn.h"

#define MN_AGENT_TRIES 3 /* updates without an answer before another home agent is tried */

/* mn_reg.c. Registers the care-of address with h->agent, a first transmission. */
void mn_register(struct mn *mn, struct mn_home *h, usec now);
/* The same without the tunnel; from the home address it ends the registration. */
void mn_start_registering(struct mn *mn, struct mn_home *h, const struct in6_addr *coa, usec now);
void mn_drop_registration(struct mn *mn, struct mn_home *h);
/* Nothing can be said: the binding is kept until it ends. */
void mn_await_end(struct mn *mn, struct mn_home *h);
void mn_now_home(struct mn *mn, struct mn_home *h, usec now);
/* Sends the update that renews a binding, now. */
void mn_refresh(struct mn *mn, struct mn_home *h, usec now);
/* Away, and not to be registered any more: nothing of it stands. */
void mn_unregister(struct mn *mn, struct mn_home *h, usec now);
/* De-registers, not waiting for the answer. */
void mn_give_back(struct mn *mn, struct mn_home *h);
/* An address of its binding ends with it; `addr`: the one that is ours instead, :: = none. */
void mn_have_ipv4_home(struct mn *mn, struct mn_home *h, const struct in6_addr *addr);
/* mn.c */
void mn_untunnel(struct mn *mn, struct mn_home *h);
/* At home the tunnel ends, if there still is one, and what correspondents know of its end. */
void mn_return(struct mn *mn, struct mn_home *h, usec now);
/* No home agent answers where we took ourselves to be at home. True: we are elsewhere now. */
bool mn_not_home(struct mn *mn, struct mn_home *h, usec now);
void mn_enter(struct mn *mn, struct mn_home *h, enum mip_mn_state state, usec now);
void mn_tell(struct mn *mn, enum event_type type, const struct mn_home *h, const struct bul_entry *e, usec now);
/* The home address goes: deregistered, taken down; h is another one afterwards. */
void mn_leave(struct mn *mn, struct mn_home *h, usec now);

/* mn_prefix.c. The home agent accepted; wanted: and says that prefixes should be asked for. */
void mn_prefix_registered(struct mn *mn, struct mn_home *h, bool wanted, usec now);
/* Nothing is asked any more, and the next registration asks anew. */
void mn_prefix_forget(struct mn *mn, struct mn_home *h);
/* A prefix may end sooner than was said: a binding that would outlive its addresses is asked for anew, for less
 * (11.7.1). */
void mn_shorten(struct mn *mn, struct mn_home *h, usec now);
/* The lifetime to ask for, units of 4 s. */
uint16_t mn_lifetime(const struct mn *mn, const struct mn_home *h, usec now);

/* mn_agent.c. Away: is there a home agent to register with? If not, the search for one goes on from here. */
bool mn_has_agent(struct mn *mn, struct mn_home *h, usec now);
/* At home: the home agent that defends the address, if one is known or heard. */
bool mn_hears_agent(struct mn *mn, struct mn_home *h, usec now);
/* h->agent was silent or refused. True when another is taken or looked for; false when it is the only one allowed. */
bool mn_agent_failed(struct mn *mn, struct mn_home *h, usec now);
/* True: refused as a mobile router, it is to register in another way from now on (RFC 3963 5.4). */
bool mn_next_mode(struct mn *mn, struct mn_home *h, usec now);
/* h->agent does not answer, but the binding holds. Others are asked for; true when one of them is taken instead. */
bool mn_agent_silent(struct mn *mn, struct mn_home *h, usec now);
/* It answered an update. */
void mn_agent_answers(struct mn *mn, struct mn_home *h, bool accepts);

#endif
