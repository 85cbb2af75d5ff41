/*
 * The wished-for configuration: a plain value. Write commands change a copy of it,
 * the agent makes the world follow, and only then the copy becomes the truth: that is the whole
 * transaction. `mip save` prints it back as the commands that make it.
 */
#ifndef MIP_CTL_CONF_H
#define MIP_CTL_CONF_H

#include <net/if.h>

#include "ctl/codec.h"
#include "role/ha.h"
#include "role/mn.h"

#define CONF_BINDINGS_MAX 256
#define CONF_SAS_MAX	  1024
#define CONF_AUTHS_MAX	  1024
#define CONF_LINKS_MAX	  32
#define CONF_CELL_MAX	  32 /* octets of its name */
#define CONF_NETWORKS_MAX 32 /* of all home addresses of a mobile router */

/* How the two sides show who they are when keys are negotiated. */
enum conf_ike { CONF_NO_IKE, CONF_PSK, CONF_CERT };

/* One direction of what IPsec protects of a home address, with its keys; or both, with keys that are negotiated. */
struct conf_sa {
	struct in6_addr home, agent;
	uint32_t spi, reqid;
	uint8_t protect, towards; /* enum mip_protect, enum mip_towards */
	uint8_t ike;		  /* enum conf_ike; if it is one, nothing below but id, file and rekey */
	uint8_t cipher, auth;	  /* enum mip_cipher, enum mip_auth; auth 0: the cipher does it */
	uint8_t key_len, auth_key_len;
	union {
		struct {
			uint8_t key[MIP_KEY_MAX], auth_key[MIP_KEY_MAX];
		};
		struct {
			char id[MIP_NAME_MAX], file[MIP_NAME_MAX];
			uint32_t rekey; /* seconds; 0: as charon does by itself */
		};
	};
};

/* An interface a mobile node moves on; CONF_ANY: every one that is not named. */
#define CONF_ANY	"any"
#define CONF_PREFERENCE 5
struct conf_link {
	char dev[IF_NAMESIZE];
	uint8_t preference; /* the lowest serves first; 0: never */
};

struct conf_binding {
	struct in6_addr home, coa, local; /* local :: = the home agent's address */
	uint32_t lifetime;		  /* seconds, 0 = until removed */
};

struct conf {
	struct {
		bool enabled;
		size_t devs;
		char dev[HA_LINKS_MAX][IF_NAMESIZE]; /* none: the only link with a global address */
		struct in6_addr address, ipv4;
		char cell[CONF_CELL_MAX]; /* "": none */
		uint32_t max_lifetime, max_bindings;
		bool insecure;
		size_t rules;
		struct ha_rule rule[HA_RULES_MAX];
		uint16_t preference;
		uint32_t min_prefix_interval, max_prefix_interval;
		bool no_prefix_advs;
	} ha;
	struct {
		bool enabled;
		char dev[IF_NAMESIZE]; /* "" = all, or those of link */
		size_t links;
		struct conf_link link[CONF_LINKS_MAX];
		size_t homes;
		struct mn_home_conf home[MN_HOMES_MAX];
	} mn;
	struct {
		bool enabled; /* by itself; with another role it runs anyway */
		uint32_t max_bindings, test_rate;
	} cn;
	struct {
		size_t policies;
		struct ro_policy policy[MN_POLICIES_MAX];
	} ro;
	size_t bindings;
	struct conf_binding binding[CONF_BINDINGS_MAX];
	size_t sas;
	struct conf_sa sa[CONF_SAS_MAX];
	size_t auths;
	struct auth_key auth[CONF_AUTHS_MAX]; /* one a home address */
};

void conf_default(struct conf *c);
/* The binding made by hand of a home address, or NULL. */
struct conf_binding *conf_binding(const struct conf *c, const struct in6_addr *home);
/* What one write command wishes for. 0 or -errno with `why`; on failure *c may be half changed: work on a copy. */
int conf_change(struct conf *c, const struct ctl_request *rq, struct why *why) __attribute__((warn_unused_result));
/* Is a home address of ours? Then its security associations are those of a mobile node. */
bool conf_is_mine(const struct conf *c, const struct in6_addr *home);
/* The n-th of the commands that make c out of the default, as a CONFIG_GET record, with keys or without. 0, or 1 when
 * there is no n-th. */
int conf_command(const struct conf *c, size_t n, bool keys, struct ctl_msg *record);
/* Do the same commands make both? */
bool conf_same(const struct conf *a, const struct conf *b);

/* conf_link.c. The preference of an interface of that name: 0 when the mobile node does not use it. */
uint8_t conf_preference(const struct conf *c, const char *dev);

/* conf_ipsec.c */
/* Does IPsec protect registrations of this home address, of any (NULL)? */
bool conf_protects(const struct conf *c, const struct in6_addr *home);
/* The attributes of `ipsec add`. */
void conf_ipsec_put(const struct conf_sa *sa, bool keys, struct ctl_msg *m);

/* conf_auth.c. The key of the authentication option of a home address, or NULL. */
const struct auth_key *conf_auth(const struct conf *c, const struct in6_addr *home);
/* The attributes of `auth add`. */
void conf_auth_put(const struct auth_key *k, bool keys, struct ctl_msg *m);

#endif
