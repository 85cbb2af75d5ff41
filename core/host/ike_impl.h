/* Inside of ike.h: ike.c (what is asked of charon next, and what its answers mean), ike_talk.c (an initiation),
 * ike_hear.c (whom charon refuses), ike_say.c (what charon is sent). */
#ifndef MIP_HOST_IKE_IMPL_H
#define MIP_HOST_IKE_IMPL_H

#include "base/rate.h"
#include "base/timer.h"
#include "host/ike.h"
#include "sys/charon.h"

#define IKE_NAME     64 /* of a connection: "mip-" and the home address */
#define IKE_ATTEMPTS 16 /* of others that are followed at a time */

/* How much of a peer charon has. */
enum ike_step { IKE_NEW, IKE_SECRET, IKE_LOADED, IKE_ENDED, IKE_UNLOADED };

/* What charon is asked about a peer. */
enum ike_command {
	IKE_NOTHING,
	IKE_END,	   /* its SAs end at once, whatever the other side says */
	IKE_END_OLDER,	   /* that SA, which another one has taken the place of */
	IKE_UNLOAD,	   /* its connection is no more */
	IKE_UNLOAD_SECRET, /* nor its secret */
	IKE_LOAD_SECRET,
	IKE_LOAD
};

/* Somebody asks for keys: what the log says of it. */
struct ike_attempt {
	uint32_t id; /* charon's number of the SA; 0: none, or it is over */
	char who[80], why[120];
};

struct ike_refusal {
	usec at; /* 0: never */
	char text[160];
};

struct ike_peer {
	struct ike *ike;
	struct ike_conf conf;
	enum ike_step step;
	bool gone;	     /* not of the configuration any more */
	bool failed;	     /* what was asked last was refused: not before the timer again */
	bool wanted;	     /* keys are to be negotiated by us */
	bool up;	     /* they were */
	bool seen;	     /* charon's list has SAs of it, or they came since */
	bool renew;	     /* those there are of no use */
	uint64_t unknown;    /* what the kernel has of before this second since 1970 charon does not know; 0: it does */
	uint32_t id, older;  /* its SA in charon, and one it takes the place of; 0: none */
	struct in6_addr at;  /* where the mobile node negotiates; :: not known */
	struct in6_addr coa; /* where it was last: it negotiates from there next; :: not known */
	struct charon *talk; /* an initiation is under way */
	bool initiated;
	char heard[120]; /* what the log said of it last that explains a failure */
	char trouble[200];
	struct ike_refusal refusal; /* of who has its identity */
};

/* What is asked of a charon first. */
enum stage { STAGE_STREAM, STAGE_NEWS, STAGE_NEWS_IKE, STAGE_LOG, STAGE_LIST, STAGE_PEERS };

struct ike {
	struct loop *loop;
	struct ipsec *ipsec;
	struct ike_events ev;
	struct charon *charon; /* NULL: none */
	enum stage stage;
	bool news;		/* SAs began or ended since the list was asked for */
	bool fixed;		/* this kernel cannot tell charon of a move */
	struct ike_peer *asked; /* whom the command under way is about; NULL: nobody, or he is no more */
	enum ike_command command;
	struct timer timer;
	usec gap; /* of it, with charon: a second at first, longer and longer */
	struct ike_peer **peer;
	size_t peers, talks;			  /* talks: initiations under way */
	char trouble[160];			  /* with charon itself */
	struct ike_attempt attempt[IKE_ATTEMPTS]; /* by number */
	struct ike_refusal refusal;		  /* the last one, of whomsoever */
	struct rate refusals;			  /* that are logged */
	bool roams;				  /* this charon gives up SAs at a move, which was said */
};

/* ike.c. The peer whose connection has that name, NULL: none; a number charon says, 0: it is none. */
struct ike_peer *ike_peer_named(const struct ike *s, struct vici_text name);
uint32_t ike_number(struct vici_text t);
/* ike_hear.c. A line of the log; what is told of a refusal, "" when it is long ago. */
void ike_hear(struct ike *s, struct vici_reader *r);
const char *ike_refusal(const struct ike_refusal *r);
/* ike_talk.c. Did charon do what it was asked to? If not, `text` is why. */
bool ike_succeeded(enum vici_packet type, struct vici_reader *r, char *text, size_t cap);
/* What is in the way of a peer's keys, "": nothing. */
void ike_note(struct ike_peer *p, const char *text);
/* There are keys that charon knows: those of before that it does not go. */
void ike_settle(struct ike_peer *p);
void ike_initiate(struct ike_peer *p);
void ike_talk_ends(struct ike_peer *p);
/* ike_say.c. The name of its connection; a command about it into the room of `c`: -errno with why when a file is not
 * fit.
 */
void ike_name(const struct ike_conf *conf, char name[IKE_NAME]);
int ike_say(struct charon *c, const struct ike_peer *p, enum ike_command what, struct why *why)
	__attribute__((warn_unused_result));
int ike_say_initiate(struct charon *c, const struct ike_peer *p) __attribute__((warn_unused_result));

#endif
