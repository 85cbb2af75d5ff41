/*
 * What IPsec protects (RFC 3776 4.1, RFC 4877): a home registration that did not come through it changes nothing,
 * whatever its form; an old one played again neither. And the configuration of security associations.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

#include "ctl/conf.h"
#include "role/ha.h"
#include "role/ro.h"
#include "tests/unit/world.h"

#define HOME  "2001:db8:1::100"
#define AGENT "2001:db8:1::1"
#define COA   "2001:db8:f1::164"
#define COA2  "2001:db8:f2::164"
#define PEER  "2001:db8:c::2"
#define EVIL  "2001:db8:bad::1"
#define LINK  1
#define LIFE  100

static struct fake f;
static struct ha ha;
static struct mn mn;

static int setup(void **state)
{
	struct ha_conf conf = {.links = 1, .link = {{.ifindex = LINK}}, .max_lifetime = 600, .max_bindings = 9};
	struct in6_addr a = t_addr(AGENT);

	(void)state;
	fake_open(&f);
	f.protects = 1 << MIP_PROTECT_BINDING | 1 << MIP_PROTECT_TEST;
	ha_init(&ha, &f.w, 42);
	ha_start(&ha, &conf);
	ha_address(&ha, LINK, &a, 64, false);
	mn_init(&mn, &f.w, 43);
	mn_start(&mn);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mn_stop(&mn, f.now);
	ha_stop(&ha, f.now);
	fake_close(&f);
	return 0;
}

/* --- home agent --------------------------------------------------------------------------------------------------- */

struct bu {
	const char *src, *hao, *alt; /* NULL: none */
	uint16_t seq, life;
	bool esp;
};

static void say(struct bu b)
{
	struct via via = {.src = t_addr(b.src), .dst = t_addr(AGENT), .has_hao = b.hao, .esp = b.esp};
	struct mh m = {.type = MH_BU, .u.bu = {.seq = b.seq, .flags = BU_F_ACK | BU_F_HOME, .lifetime = b.life}};

	if (b.hao)
		via.hao = t_addr(b.hao);
	if (b.alt) {
		m.opt.has = MHO_ALT_COA;
		m.opt.alt_coa = t_addr(b.alt);
	}
	fake_forget(&f);
	ha_on_bu(&ha, &via, &m, false, f.now);
}

static struct bc_entry *entry(void)
{
	struct in6_addr a = t_addr(HOME);

	return bc_find(&ha.bc, &a, NULL);
}

static void registered(uint16_t seq)
{
	say((struct bu){HOME, NULL, COA, seq, LIFE, true});
	fake_run(&f, 5 * SEC);
	assert_non_null(entry());
	assert_addr(entry()->coa, COA);
}

static void assert_ba(const char *to, const char *rh2, uint8_t status, uint16_t seq)
{
	const struct note *n = fake_last(&f, DID_SEND);

	assert_int_equal(n->mh.type, MH_BA);
	assert_int_equal(n->mh.u.ba.status, status);
	assert_int_equal(n->mh.u.ba.seq, seq);
	assert_addr(n->via.dst, to);
	assert_true(n->via.esp);
	assert_int_equal(n->via.has_rh2, rh2 != NULL);
	if (rh2)
		assert_addr(n->via.rh2, rh2);
}

/* The packet's headers are hidden by ESP: the message itself says where the node is, and is answered there. */
static void answer_goes_to_the_protected_care_of_address(void **state)
{
	(void)state;
	registered(1);
	assert_ba(COA, HOME, BA_ACCEPTED, 1);
	say((struct bu){HOME, NULL, COA2, 2, LIFE, true});
	assert_ba(COA2, HOME, BA_ACCEPTED, 2);
	say((struct bu){HOME, NULL, NULL, 3, 0, true});
	assert_ba(HOME, NULL, BA_ACCEPTED, 3);
	assert_null(entry());
}

static void without_ipsec_nothing_changes(void **state)
{
	const struct bu forms[] = {
		{EVIL, HOME, NULL, 9, LIFE},
		{EVIL, HOME, NULL, 9, 0},
		{COA, HOME, COA, 9, LIFE},
		{COA, HOME, COA, 9, 0},
		{COA, HOME, EVIL, 9, LIFE},
		{HOME, NULL, NULL, 9, 0},
		{HOME, NULL, NULL, 9, LIFE},
		{HOME, NULL, EVIL, 9, LIFE},
		{HOME, NULL, EVIL, 9, 0},
		{HOME, HOME, NULL, 9, 0},
		{EVIL, HOME, HOME, 9, LIFE},
		{EVIL, HOME, EVIL, 0, LIFE},
	};
	struct bc_entry was;

	(void)state;
	registered(1);
	was = *entry();
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		say(forms[i]);
		assert_non_null(entry());
		assert_int_equal(entry()->seq, was.seq);
		assert_int_equal(entry()->expires, was.expires);
		assert_memory_equal(&entry()->coa, &was.coa, 16);
		assert_memory_equal(&entry()->from, &was.from, 16);
		assert_int_equal(fake_did(&f, DID_SEND) + fake_did(&f, DID_BIND) + fake_did(&f, DID_UNBIND), 0);
		assert_int_equal(fake_events(&f, EV_UNPROTECTED), 1);
		assert_int_equal(ha.stats.unprotected, i + 1);
	}
	/* Nor does it make one. */
	say((struct bu){HOME, NULL, NULL, 2, 0, true});
	say(forms[0]);
	fake_run(&f, 5 * SEC);
	assert_null(entry());
}

static void complaints_are_limited(void **state)
{
	(void)state;
	fake_forget(&f);
	for (int i = 0; i < 1000; i++) {
		struct via via = {.src = t_addr(EVIL), .dst = t_addr(AGENT), .has_hao = true, .hao = t_addr(HOME)};
		struct mh m = {.type = MH_BU, .u.bu = {.seq = 1, .flags = BU_F_HOME, .lifetime = LIFE}};

		ha_on_bu(&ha, &via, &m, false, f.now);
	}
	assert_int_equal(fake_events(&f, EV_UNPROTECTED), 100);
	assert_int_equal(ha.stats.unprotected, 1000);
}

/* With keys set by hand ESP does not notice what is played again. */
static void an_old_update_is_refused_after_the_binding_ended(void **state)
{
	(void)state;
	registered(7);
	say((struct bu){HOME, NULL, NULL, 8, 0, true});
	assert_null(entry());
	say((struct bu){HOME, NULL, COA, 7, LIFE, true});
	assert_ba(COA, HOME, BA_SEQ_OUT_OF_WINDOW, 8);
	say((struct bu){HOME, NULL, COA, 8, LIFE, true});
	assert_ba(COA, HOME, BA_SEQ_OUT_OF_WINDOW, 8);
	registered(9);
	fake_run(&f, 500 * SEC);
	assert_null(entry());
	say((struct bu){HOME, NULL, COA, 9, LIFE, true});
	assert_ba(COA, HOME, BA_SEQ_OUT_OF_WINDOW, 9);
	registered(10);
}

static void remembered_numbers_are_bounded(void **state)
{
	struct in6_addr a = t_addr(HOME), first = a;
	struct seq s;

	(void)state;
	seq_init(&s, sizeof(a), 1);
	s.max = 64;
	assert_true(seq_keep(&s, &first, 7, 0, NEVER, 0));
	for (unsigned i = 0; i < 63; i++) {
		memcpy(&a.s6_addr[12], &i, sizeof(i));
		assert_true(seq_keep(&s, &a, (uint16_t)i, 0, 100 + i, i));
	}
	/* Full: what has not ended stays, ... */
	a.s6_addr[0] = 0xfd;
	assert_false(seq_keep(&s, &a, 1, 0, 200, 99));
	assert_int_equal(seq_find(&s, &first, 99)->seq, 7);
	/* ... what has ended goes, ... */
	for (unsigned i = 0; i < 3000; i++) {
		memcpy(&a.s6_addr[12], &i, sizeof(i));
		assert_true(seq_keep(&s, &a, 1, 0, 1000 + 10 * i, 1000 + 10 * i - 100));
		assert_true(i < 64 || s.map.n <= 20);
	}
	assert_int_equal(seq_find(&s, &first, NEVER - 1)->seq, 7);
	/* ... and for what never ends, anything. */
	for (unsigned i = 0; i < 3 * 64; i++) {
		memcpy(&a.s6_addr[8], &i, sizeof(i));
		assert_true(seq_keep(&s, &a, (uint16_t)i, 0, NEVER, 100000));
		assert_int_equal(seq_find(&s, &a, 100000)->seq, (uint16_t)i);
		assert_true(s.map.n <= 64);
	}
	seq_forget(&s, &a);
	assert_null(seq_find(&s, &a, 0));
	seq_free(&s);
}

/* --- mobile node -------------------------------------------------------------------------------------------------- */

static void away(void)
{
	struct mn_home_conf conf = {.home = t_addr(HOME), .agent = t_addr(AGENT), .plen = 64, .lifetime = 400};
	struct attach_addr a = {.addr = t_addr(COA), .plen = 64, .usable = true, .dynamic = true};
	struct nd_ra ra = {.router_lifetime = 1800, .prefixes = 1};
	struct in6_addr router = t_addr("fe80::1");

	ra.prefix[0] = (struct nd_prefix){
		.prefix = t_addr("2001:db8:f1::"), .len = 64, .onlink = true, .autoconf = true, .valid = 86400};
	mn_on_link(&mn, LINK, true, false, f.now);
	mn_on_ra(&mn, LINK, &router, &ra, f.now);
	mn_on_addr(&mn, LINK, &a, false, f.now);
	assert_int_equal(mn_add(&mn, &conf, f.now, NULL), 0);
}

static void acknowledge(bool esp, bool rh2)
{
	const struct note *bu = fake_last(&f, DID_SEND);
	struct via via = {.src = t_addr(AGENT), .dst = t_addr(rh2 ? COA : HOME), .has_rh2 = rh2, .esp = esp};
	struct mh m = {.type = MH_BA, .u.ba = {.seq = bu->mh.u.bu.seq, .lifetime = LIFE}};

	via.bare = true;
	via.ifindex = LINK;
	if (rh2)
		via.rh2 = t_addr(HOME);
	mn_on_ba(&mn, &via, &m, f.now);
}

static void an_acknowledgement_without_ipsec_is_none(void **state)
{
	(void)state;
	away();
	assert_true(fake_last(&f, DID_SEND)->via.esp);
	assert_addr(fake_last(&f, DID_SEND)->mh.opt.alt_coa, COA);
	fake_run(&f, SEC);
	acknowledge(false, true);
	acknowledge(false, false);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERING);
	assert_int_equal(fake_events(&f, EV_UNPROTECTED), 2);
	acknowledge(true, false);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
}

/* --- keys that are negotiated (RFC 4877) ---------------------------------------------------------------------------
 */

static void keys_come_before_the_first_update(void **state)
{
	struct in6_addr home = t_addr(HOME), other = t_addr(EVIL);

	(void)state;
	f.negotiates = f.keyless = true;
	away();
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	assert_addr(fake_last(&f, DID_KEYS)->coa, COA);
	fake_run(&f, 600 * SEC); /* asked again, seldom, and nothing leaves in clear */
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	assert_in_range(fake_did(&f, DID_KEYS), 10, 30);
	mn_on_keys(&mn, &other, f.now);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	f.keyless = false;
	mn_on_keys(&mn, &home, f.now);
	assert_int_equal(fake_did(&f, DID_SEND), 1);
	mn_on_keys(&mn, &home, f.now); /* once */
	assert_int_equal(fake_did(&f, DID_SEND), 1);
	acknowledge(true, false);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
}

static void acknowledge_k(void)
{
	struct via via = {.src = t_addr(AGENT), .dst = t_addr(HOME), .esp = true};
	struct mh m = {.type = MH_BA, .u.ba = {.flags = BA_F_KEYMGMT, .lifetime = LIFE}};

	m.u.ba.seq = fake_last(&f, DID_SEND)->mh.u.bu.seq;
	mn_on_ba(&mn, &via, &m, f.now);
}

static void an_update_has_k_when_keys_move(void **state)
{
	(void)state;
	away();
	assert_false(fake_last(&f, DID_SEND)->mh.u.bu.flags & BU_F_KEYMGMT);
	acknowledge(true, false);
	assert_addr(fake_last(&f, DID_KEYS_AT)->coa, COA);
	assert_false(fake_last(&f, DID_KEYS_AT)->moves);
	f.keys_move = true;
	fake_run(&f, (LIFE * 4 - 60) * SEC);
	assert_true(fake_last(&f, DID_SEND)->mh.u.bu.flags & BU_F_KEYMGMT);
	acknowledge_k();
	assert_true(fake_last(&f, DID_KEYS_AT)->moves);
}

/* Silence may be a home agent that lost its keys: new ones once, not as often as it is silent. */
static void unanswered_updates_bring_new_keys_once(void **state)
{
	struct in6_addr home = t_addr(HOME);

	(void)state;
	f.negotiates = true;
	away();
	fake_run(&f, 60 * SEC);
	assert_int_equal(fake_nth(&f, DID_KEYS, 0)->doubt, true);
	f.keyless = false;
	fake_forget(&f);
	mn_on_keys(&mn, &home, f.now);
	assert_int_equal(fake_did(&f, DID_SEND), 1);
	fake_run(&f, 600 * SEC);
	assert_true(fake_did(&f, DID_SEND) > 10);
	assert_int_equal(fake_did(&f, DID_KEYS), 0);
	acknowledge(true, false);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
}

/* 10.3.1: K of the answer says whether it follows, and it is told where to. */
static void the_home_agent_answers_k(void **state)
{
	struct via via = {.src = t_addr(COA), .dst = t_addr(AGENT), .has_hao = true, .hao = t_addr(HOME), .esp = true};
	struct mh m = {.type = MH_BU, .u.bu = {.flags = BU_F_ACK | BU_F_HOME | BU_F_KEYMGMT, .lifetime = LIFE}};

	(void)state;
	for (uint16_t seq = 1; seq <= 4; seq++) {
		f.keys_move = seq > 1;
		m.u.bu.seq = seq;
		m.u.bu.lifetime = seq < 4 ? LIFE : 0;
		ha_on_bu(&ha, &via, &m, false, f.now);
		fake_run(&f, 5 * SEC);
		assert_int_equal(fake_last(&f, DID_SEND)->mh.type, MH_BA);
		assert_int_equal(fake_last(&f, DID_SEND)->mh.u.ba.flags & BA_F_KEYMGMT, seq > 1 ? BA_F_KEYMGMT : 0);
		assert_addr(fake_last(&f, DID_KEYS_AT)->coa, seq < 4 ? COA : HOME);
	}
	fake_forget(&f);
	m.u.bu.flags &= (uint16_t)~BU_F_KEYMGMT;
	m.u.bu.seq = 5;
	m.u.bu.lifetime = LIFE;
	ha_on_bu(&ha, &via, &m, false, f.now);
	assert_int_equal(fake_did(&f, DID_KEYS_AT), 0);
}

static void a_home_test_without_ipsec_is_none(void **state)
{
	struct ro_policy always = {.peer = t_addr(PEER), .plen = 128, .mode = MIP_RO_ALWAYS};
	struct via via = {.src = t_addr(PEER), .dst = t_addr(HOME)};
	struct mh hot = {.type = MH_HOT, .u.test = {.nonce = 1, .token = 2}};
	struct bul_entry *e;

	(void)state;
	away();
	acknowledge(true, false);
	fake_forget(&f);
	assert_int_equal(ro_policy_set(&mn, &always, f.now, NULL), 0);
	e = bul_find(&mn.bul, &mn.home[0].conf.home, &always.peer);
	assert_non_null(e);
	assert_int_equal(fake_nth(&f, DID_SEND, 0)->mh.type, MH_HOTI);
	assert_true(fake_nth(&f, DID_SEND, 0)->via.esp);
	assert_false(fake_nth(&f, DID_SEND, 1)->via.esp);
	hot.u.test.cookie = e->home_test.cookie;
	ro_on_test(&mn, &via, &hot, f.now);
	assert_int_equal(e->home_test.got, 0);
	assert_int_equal(fake_events(&f, EV_UNPROTECTED), 1);
	via.esp = true;
	ro_on_test(&mn, &via, &hot, f.now);
	assert_true(e->home_test.got);
}

/* What protects everything in the tunnel protects them, too: it is the kernel that has to find the policy. */
static void where_payload_is_protected_a_home_test_init_is(void **state)
{
	struct ro_policy always = {.peer = t_addr(PEER), .plen = 128, .mode = MIP_RO_ALWAYS};

	(void)state;
	f.protects = 1 << MIP_PROTECT_PAYLOAD;
	away();
	acknowledge(false, true);
	fake_forget(&f);
	assert_int_equal(ro_policy_set(&mn, &always, f.now, NULL), 0);
	assert_int_equal(fake_nth(&f, DID_SEND, 0)->mh.type, MH_HOTI);
	assert_true(fake_nth(&f, DID_SEND, 0)->via.esp);
	assert_false(fake_nth(&f, DID_SEND, 1)->via.esp);
}

/* --- configuration ------------------------------------------------------------------------------------------------ */

static struct conf conf;

struct words {
	uint16_t cmd;
	const char *home, *agent;
	uint32_t protect, spi, to, cipher, auth;
	size_t key, auth_key; /* octets */
};

static int change(struct words w, struct why *why)
{
	static const uint8_t octets[MIP_KEY_MAX] = {1, 2, 3};
	struct in6_addr home = t_addr(w.home), agent = t_addr(w.agent);
	struct ctl_request rq;
	struct ctl_msg m;

	ctl_msg_open(&m, w.cmd);
	ctl_put_addr(&m, MIP_A_HOME, &home);
	ctl_put_addr(&m, MIP_A_AGENT, &agent);
	ctl_put_num(&m, MIP_A_PROTECT, w.protect);
	ctl_put_num(&m, MIP_A_SPI, w.spi);
	ctl_put_num(&m, MIP_A_TOWARDS, w.to);
	if (w.cipher)
		ctl_put_num(&m, MIP_A_CIPHER, w.cipher);
	if (w.auth)
		ctl_put_num(&m, MIP_A_AUTH, w.auth);
	if (w.key)
		ctl_put_key(&m, MIP_A_KEY, octets, w.key);
	if (w.auth_key)
		ctl_put_key(&m, MIP_A_AUTH_KEY, octets, w.auth_key);
	*why = (struct why){0};
	assert_int_equal(ctl_parse(&rq, m.bytes, m.head.nlmsg_len, why), 0);
	return conf_change(&conf, &rq, why);
}

#pragma GCC diagnostic ignored "-Woverride-init"
#define WORDS(...)                                                                                                     \
	(struct words)                                                                                                 \
	{                                                                                                              \
		.cmd = MIP_IPSEC_ADD, .home = HOME, .agent = AGENT, .protect = MIP_PROTECT_BINDING, .spi = 300,        \
		.to = MIP_TO_AGENT, .cipher = MIP_AES_CBC, .key = 32, .auth = MIP_HMAC_SHA256, .auth_key = 32,         \
		__VA_ARGS__                                                                                            \
	}

static void wrong_associations_are_refused(void **state)
{
	const struct {
		struct words w;
		int err;
		uint16_t attr;
	} bad[] = {
		{WORDS(.spi = 255), ERANGE, MIP_A_SPI},
		{WORDS(.protect = 5), EINVAL, MIP_A_PROTECT},
		{WORDS(.to = 3), EINVAL, MIP_A_TOWARDS},
		{WORDS(.cipher = 9), EINVAL, MIP_A_CIPHER},
		{WORDS(.cipher = 0), EINVAL, MIP_A_CIPHER},
		{WORDS(.key = 31), EINVAL, MIP_A_KEY},
		{WORDS(.key = 0), EINVAL, MIP_A_KEY},
		{WORDS(.auth = 0), EINVAL, MIP_A_AUTH},
		{WORDS(.auth_key = 20), EINVAL, MIP_A_AUTH_KEY},
		{WORDS(.cipher = MIP_AES_GCM, .key = 36), EINVAL, MIP_A_AUTH},
		{WORDS(.agent = HOME), EINVAL, MIP_A_AGENT},
		{WORDS(.home = "ff02::1"), EINVAL, MIP_A_HOME},
	};
	struct why why;

	(void)state;
	conf_default(&conf);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(change(bad[i].w, &why), -bad[i].err);
		assert_int_equal(why.attr, bad[i].attr);
		assert_int_equal(conf.sas, 0);
	}
	assert_int_equal(change(WORDS(), &why), 0);
	assert_int_equal(change(WORDS(), &why), -EEXIST);
	assert_int_equal(change(WORDS(.spi = 301, .agent = EVIL), &why), -EEXIST);
	assert_int_equal(change(WORDS(.to = MIP_TO_HOME), &why), 0);
	assert_int_equal(
		change(WORDS(.spi = 302, .cipher = MIP_AES_GCM, .key = 36, .auth = 0, .auth_key = 0), &why), 0);
	assert_int_equal(
		change(WORDS(.spi = 303, .cipher = MIP_3DES_CBC, .key = 24, .auth = MIP_HMAC_SHA1, .auth_key = 20),
			&why),
		0);
	assert_int_equal(conf.sas, 4);
}

static bool holds(const struct ctl_msg *m, uint16_t attr)
{
	const struct nlattr *at;

	mnl_attr_for_each (at, &m->head, 0)
		if (mnl_attr_get_type(at) == attr)
			return true;
	return false;
}

static uint32_t rekey;

static int change_ike(uint32_t protect, const char *id, const char *psk, const char *cert, struct why *why)
{
	struct in6_addr home = t_addr(HOME), agent = t_addr(AGENT);
	struct ctl_request rq;
	struct ctl_msg m;

	ctl_msg_open(&m, MIP_IPSEC_ADD);
	ctl_put_addr(&m, MIP_A_HOME, &home);
	ctl_put_addr(&m, MIP_A_AGENT, &agent);
	ctl_put_num(&m, MIP_A_PROTECT, protect);
	ctl_put_num(&m, MIP_A_IKE, true);
	if (rekey)
		ctl_put_num(&m, MIP_A_REKEY, rekey);
	if (id)
		ctl_put_str(&m, MIP_A_IKE_ID, id);
	if (psk)
		ctl_put_str(&m, MIP_A_PSK, psk);
	if (cert)
		ctl_put_str(&m, MIP_A_CERT, cert);
	*why = (struct why){0};
	assert_int_equal(ctl_parse(&rq, m.bytes, m.head.nlmsg_len, why), 0);
	return conf_change(&conf, &rq, why);
}

static void keys_that_are_negotiated_have_words_of_their_own(void **state)
{
	char longest[MIP_NAME_MAX + 1];
	struct ctl_msg m;
	struct why why;
	uint32_t reqid;

	(void)state;
	conf_default(&conf);
	memset(longest, 'x', MIP_NAME_MAX);
	longest[MIP_NAME_MAX] = 0;
	assert_int_equal(change_ike(MIP_PROTECT_TEST, "mn1", "/psk", NULL, &why), -EOPNOTSUPP);
	assert_int_equal(change_ike(MIP_PROTECT_BINDING, NULL, "/psk", NULL, &why), -EINVAL);
	assert_int_equal(change_ike(MIP_PROTECT_BINDING, "C=CH, CN=mn1", "/psk", NULL, &why), -EINVAL);
	assert_int_equal(change_ike(MIP_PROTECT_BINDING, longest, "/psk", NULL, &why), -EINVAL);
	assert_int_equal(change_ike(MIP_PROTECT_BINDING, "mn1", NULL, NULL, &why), -EINVAL);
	assert_int_equal(change_ike(MIP_PROTECT_BINDING, "mn1", "/psk", "/cert", &why), -EINVAL);
	assert_int_equal(change_ike(MIP_PROTECT_BINDING, "mn1", "psk", NULL, &why), -EINVAL);
	assert_int_equal(why.attr, MIP_A_PSK);
	for (rekey = 9; rekey < 700000; rekey += 7 * 24 * 3600 - 8) /* and one second too many */
		assert_int_equal(change_ike(MIP_PROTECT_BINDING, "mn1", NULL, "/cert", &why), -ERANGE);
	assert_int_equal(conf.sas, 0);
	rekey = 10;
	assert_int_equal(change_ike(MIP_PROTECT_BINDING, "mn1", NULL, "/cert", &why), 0);
	rekey = 0;
	reqid = conf.sa[0].reqid;
	ctl_msg_open(&m, MIP_CONFIG_GET);
	assert_int_equal(conf_command(&conf, 0, true, &m), 0);
	assert_true(holds(&m, MIP_A_IKE) && holds(&m, MIP_A_IKE_ID) && holds(&m, MIP_A_CERT) && holds(&m, MIP_A_REKEY));
	assert_false(holds(&m, MIP_A_SPI) || holds(&m, MIP_A_TOWARDS) || holds(&m, MIP_A_KEY));
	/* By one of the two ways, not by both; another protection is another matter, of the same home address. */
	assert_int_equal(change_ike(MIP_PROTECT_BINDING, "mn1", "/psk", NULL, &why), -EEXIST);
	assert_int_equal(change(WORDS(), &why), -EEXIST);
	assert_int_equal(change(WORDS(.protect = MIP_PROTECT_TEST), &why), 0);
	assert_int_equal(conf.sa[1].reqid, reqid - MIP_PROTECT_BINDING + MIP_PROTECT_TEST);
	assert_true(conf_protects(&conf, &conf.sa[0].home));
}

/* The same after a restart and on the other side, and different for each protection. */
static void reqids_follow_from_the_home_address(void **state)
{
	uint32_t was;
	struct why why;

	(void)state;
	conf_default(&conf);
	assert_int_equal(change(WORDS(), &why), 0);
	was = conf.sa[0].reqid;
	assert_true(was >= 0x6d000000 && was <= 0x6d7fffff);
	assert_int_equal(change(WORDS(.to = MIP_TO_HOME), &why), 0);
	assert_int_equal(change(WORDS(.protect = MIP_PROTECT_PAYLOAD, .spi = 301), &why), 0);
	assert_int_equal(change(WORDS(.home = "2001:db8:1::101", .spi = 302), &why), 0);
	assert_int_equal(conf.sa[1].reqid, was);
	assert_int_equal(conf.sa[2].reqid, was + 3);
	assert_true(conf.sa[3].reqid / 8 != was / 8);
	conf_default(&conf);
	assert_int_equal(change(WORDS(.spi = 999), &why), 0);
	assert_int_equal(conf.sa[0].reqid, was);
	assert_int_equal(change(WORDS(.cmd = MIP_IPSEC_DEL, .spi = 998), &why), -ENOENT);
	assert_int_equal(change(WORDS(.cmd = MIP_IPSEC_DEL, .spi = 999), &why), 0);
	assert_int_equal(conf.sas, 0);
}

static void keys_are_for_those_who_may_write(void **state)
{
	struct ctl_msg m;
	struct why why;

	(void)state;
	conf_default(&conf);
	assert_int_equal(change(WORDS(), &why), 0);
	ctl_msg_open(&m, MIP_CONFIG_GET);
	assert_int_equal(conf_command(&conf, 0, false, &m), 0);
	assert_true(holds(&m, MIP_A_SPI) && !holds(&m, MIP_A_KEY) && !holds(&m, MIP_A_AUTH_KEY));
	ctl_msg_open(&m, MIP_CONFIG_GET);
	assert_int_equal(conf_command(&conf, 0, true, &m), 0);
	assert_true(holds(&m, MIP_A_KEY) && holds(&m, MIP_A_AUTH_KEY));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(answer_goes_to_the_protected_care_of_address),
		T(without_ipsec_nothing_changes),
		T(complaints_are_limited),
		T(an_old_update_is_refused_after_the_binding_ended),
		T(remembered_numbers_are_bounded),
		T(an_acknowledgement_without_ipsec_is_none),
		T(keys_come_before_the_first_update),
		T(an_update_has_k_when_keys_move),
		T(unanswered_updates_bring_new_keys_once),
		T(the_home_agent_answers_k),
		T(keys_that_are_negotiated_have_words_of_their_own),
		T(a_home_test_without_ipsec_is_none),
		T(where_payload_is_protected_a_home_test_init_is),
		T(wrong_associations_are_refused),
		T(reqids_follow_from_the_home_address),
		T(keys_are_for_those_who_may_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
