/* Between mn.c (registrations) and mn_agent.c (with whom). */
#ifndef MIP_ROLE_MN_IMPL_H
#define MIP_ROLE_MN_IMPL_H

#include "role/event.h"
#include "role/mn.h"

#define MN_AGENT_TRIES 3 /* updates without an answer before another home agent is tried */

/* mn.c. Registers the care-of address with h->agent, a first transmission. */
void mn_register(struct mn *mn, struct mn_home *h, usec now);
void mn_drop_registration(struct mn *mn, struct mn_home *h);
void mn_enter(struct mn *mn, struct mn_home *h, enum mip_mn_state state, usec now);
void mn_tell(struct mn *mn, enum event_type type, const struct mn_home *h, const struct bul_entry *e, usec now);
/* Sends the update that renews a binding, now. */
void mn_refresh(struct mn *mn, struct mn_home *h, usec now);

/* mn_agent.c. Away: is there a home agent to register with? If not, the search for one goes on from here. */
bool mn_has_agent(struct mn *mn, struct mn_home *h, usec now);
/* At home: the home agent that defends the address, if one is known or heard. */
bool mn_hears_agent(struct mn *mn, struct mn_home *h, usec now);
/* h->agent was silent or refused. True when another is taken or looked for; false when it is the only one allowed. */
bool mn_agent_failed(struct mn *mn, struct mn_home *h, usec now);
void mn_agent_works(struct mn_home *h);

#endif
