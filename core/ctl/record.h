/* Inside of get.h: the attributes of one object of a role, for dumps (get.c) and events (event.c) alike; record.c has
 * those without a file. */
#ifndef MIP_CTL_RECORD_H
#define MIP_CTL_RECORD_H

#include "ctl/get.h"

#define FLAGS_MAX 8
/* The letters of a Binding Update's flags. */
void flags_text(uint16_t flags, char text[FLAGS_MAX]);
/* The next record of MIP_STATS_GET; as get_record. */
int get_stats(const struct view *v, struct ctl_cursor *at, struct ctl_msg *m, usec now);

/* `state`: that of the entry, or MIP_BINDING_GONE. */
void record_binding(
	struct ctl_msg *m, const struct view *v, const struct bc_entry *e, enum mip_binding_state state, usec now);
void record_bul(struct ctl_msg *m, const struct bul_entry *e, usec now);
void record_home(struct ctl_msg *m, const struct mn_home *h, usec now);
void record_ro(struct ctl_msg *m, const struct view *v, const struct bul_entry *e, usec now);
void record_agent(struct ctl_msg *m, const struct view *v, usec now);
void record_cn(struct ctl_msg *m, const struct view *v);
/* The n-th home link. */
void record_ha(struct ctl_msg *m, const struct view *v, size_t n);
void record_known_agent(struct ctl_msg *m, const struct ha_known *k, usec now);
/* The n-th of those who may register, or may not. */
void record_rule(struct ctl_msg *m, const struct view *v, size_t n);
/* get_link.c. False, with nothing written, for a free slot or another interface than `dev` (NULL: any). */
bool record_link(struct ctl_msg *m, const struct view *v, const struct attach_link *l, const char *dev, usec now);
void record_flow(struct ctl_msg *m, const struct flow_facts *f);
/* get_ipsec.c */
void record_auth(struct ctl_msg *m, const struct view *v, const struct auth_key *k, bool keys);
/* first: of a dump. */
void record_sa(struct ctl_msg *m, const struct view *v, const struct conf_sa *sa, bool keys, bool first);

#endif
