/* Values that appear on the control socket as numbers and to people as words. Numbers never change; words are in
 * attr.h. */
#ifndef MIP_TYPES_H
#define MIP_TYPES_H

/* State of an entry of the binding cache (MIP_A_STATE of a binding). */
enum mip_binding_state {
	MIP_BINDING_DAD = 1,	/* first registration, Duplicate Address Detection runs (RFC 6275 10.3.1) */
	MIP_BINDING_ACTIVE = 2, /* in the data path */
	MIP_BINDING_GONE = 3,	/* in an event: removed or expired */
	MIP_BINDING_STANDBY = 4 /* another home agent of the cell serves it; not in the data path here */
};

/* State of a member of a cell of home agents (MIP_A_CSTATE of cell). */
enum mip_cell_state {
	MIP_CELL_DETACHED = 1, /* corosync is not there: this member serves unreplicated */
	MIP_CELL_ALONE = 2,    /* the only member */
	MIP_CELL_SYNCING = 3,  /* there, and not told everything yet */
	MIP_CELL_SYNCED = 4    /* has what all others have */
};

/* State of one home address of a mobile node (MIP_A_STATE of mn). */
enum mip_mn_state {
	MIP_MN_DETACHED = 1,	/* no usable link or care-of address */
	MIP_MN_HOME = 2,	/* on the home link, no binding */
	MIP_MN_REGISTERING = 3, /* away, first Binding Update not yet acknowledged */
	MIP_MN_REGISTERED = 4,	/* away, traffic flows through the tunnel */
	MIP_MN_RETURNING = 5	/* on the home link, de-registration not yet acknowledged */
};

/* State of an entry of the binding update list (MIP_A_STATE of bul). */
enum mip_bul_state {
	MIP_BUL_WAITING = 1, /* Binding Update sent, no answer yet */
	MIP_BUL_BOUND = 2,   /* acknowledged */
	MIP_BUL_REFUSED = 3  /* refused with MIP_A_STATUS; tried again with back-off */
};

/* State of route optimization with one correspondent (MIP_A_OSTATE of ro). */
enum mip_ro_state {
	MIP_RO_NONE = 0,
	MIP_RO_TESTING = 1,	/* HoTI and CoTI sent (RFC 6275 5.2.5) */
	MIP_RO_BINDING = 2,	/* Binding Update sent */
	MIP_RO_OPTIMIZED = 3,	/* packets travel directly */
	MIP_RO_UNSUPPORTED = 4, /* the correspondent cannot or does not answer; tried again later */
	MIP_RO_IDLE = 5		/* known, but neither end wants it now */
};

/* What is wished for correspondents (MIP_A_POLICY). */
enum mip_ro_policy { MIP_RO_AUTO = 1, MIP_RO_ALWAYS = 2, MIP_RO_NEVER = 3 };

/* What was found of one thing a role needs (MIP_A_VERDICT). */
enum mip_verdict {
	MIP_VERDICT_OK = 1,
	MIP_VERDICT_WEAK = 2,	/* the role works, but less well */
	MIP_VERDICT_BAD = 3,	/* the role cannot work */
	MIP_VERDICT_UNKNOWN = 4 /* it could not be found out */
};

/* What IPsec protects between a mobile node and its home agent (MIP_A_PROTECT), RFC 4877 4. */
enum mip_protect {
	MIP_PROTECT_BINDING = 1, /* Binding Updates and Acknowledgements: transport mode */
	MIP_PROTECT_PREFIX = 2,	 /* mobile prefix discovery: transport mode */
	MIP_PROTECT_TEST = 3,	 /* Home Tests and their Inits: tunnel mode */
	MIP_PROTECT_PAYLOAD = 4	 /* everything else that is tunnelled: tunnel mode */
};

/* Whom the packets of a security association go to (MIP_A_TOWARDS). */
enum mip_towards { MIP_TO_AGENT = 1, MIP_TO_HOME = 2 };

/* Algorithms of ESP (MIP_A_CIPHER, MIP_A_AUTH); in the kernel: cbc(aes), rfc4106(gcm(aes)), cbc(des3_ede);
 * hmac(sha256), hmac(sha384), hmac(sha512), hmac(sha1). */
enum mip_cipher { MIP_AES_CBC = 1, MIP_AES_GCM = 2, MIP_3DES_CBC = 3 };
enum mip_auth { MIP_HMAC_SHA256 = 1, MIP_HMAC_SHA384 = 2, MIP_HMAC_SHA512 = 3, MIP_HMAC_SHA1 = 4 };

#endif
