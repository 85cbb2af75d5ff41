/*
 * The control protocol of mipd: netlink-shaped messages (struct nlmsghdr and
 * attributes, linux/netlink.h; built and read with libmnl) over a SOCK_SEQPACKET
 * Unix socket, one socket per network namespace:  MIP_RUN_DIR "/<inode>.sock".
 *
 * A client sends MIP_HELLO with MIP_A_PROTOCOL = MIP_CTL_VERSION, answered like a GET by one record, and then
 * requests; it need not wait for one answer to send the next. nlmsg_type is the command, nlmsg_seq its number,
 * echoed in every answer. An answer is
 *   - NLMSG_ERROR with error 0 (done) or -errno; a refusal carries MIP_ERR_TEXT and, when one
 *     attribute is to blame, MIP_ERR_ATTR;
 *   - for MIP_*_GET: one message a record (same type), then NLMSG_DONE (NLM_F_MULTI set on all).
 * After MIP_MONITOR: a snapshot of records, MIP_EVENT_SYNC, then MIP_EVENT messages until the client hangs up.
 * MIP_A_OBJECT may hold the objects of interest, separated by blanks, and MIP_WATCH_PACKETS.
 * Between MIP_BEGIN and MIP_COMMIT write commands are collected, not answered, and take effect together or not at
 * all: the answer to MIP_COMMIT is for all of them, with MIP_ERR_INDEX naming the one that could not be.
 * Hanging up before MIP_COMMIT drops them. A COMMIT with MIP_A_CONFIRM goes back by itself unless MIP_CONFIRM comes in
 * time; until then other changes are refused with EBUSY. MIP_UNDO takes the last change back.
 *
 * Several messages never share a packet. A packet is at most MIP_MSG_MAX bytes.
 * Who may do what: the socket's mode lets in root and group mip; a WRITE command needs uid 0 or the
 * agent's own (SO_PEERCRED). So does what shows keys: IPSEC_GET and AUTH_GET with MIP_A_KEYS, and the keys in
 * CONFIG_GET.
 */
#ifndef MIP_CTL_H
#define MIP_CTL_H

#include <linux/netlink.h>

#define MIP_CTL_VERSION	  1
#define MIP_RUN_DIR	  "/run/mip"
#define MIP_STATE_DIR	  "/var/lib/mip"
#define MIP_CONF_FILE	  "/etc/mip.conf"
#define MIP_WATCH_PACKETS "packets" /* in MIP_A_OBJECT of MIP_MONITOR, beside objects: mobility messages in and out */
#define MIP_MSG_MAX	  4096
#define MIP_CLIENTS_MAX	  64	       /* connections at once; one more is closed at once with EBUSY */
#define MIP_CLIENTS_ROOT  8	       /* of these, kept free for those who may WRITE */
#define MIP_BATCH_MAX	  16384	       /* write commands in one transaction */
#define MIP_QUEUE_MAX	  (256 * 1024) /* bytes waiting for a slow reader before events are lost */
#define MIP_STRANGERS_MAX 10000	       /* messages of strangers that wait while those of the known are served */

/* C(NAME, number, CLASS): CLASS is READ or WRITE. Numbers never change. */
#define MIP_COMMANDS(C)                                                                                                \
	C(HELLO, 16, READ)                                                                                             \
	C(AGENT_GET, 17, READ)                                                                                         \
	C(AGENT_STOP, 18, WRITE)                                                                                       \
	C(BINDING_GET, 19, READ)                                                                                       \
	C(BINDING_ADD, 20, WRITE)                                                                                      \
	C(BINDING_DEL, 21, WRITE)                                                                                      \
	C(BUL_GET, 22, READ)                                                                                           \
	C(HA_GET, 23, READ)                                                                                            \
	C(HA_SET, 24, WRITE)                                                                                           \
	C(HA_START, 25, WRITE)                                                                                         \
	C(HA_STOP, 26, WRITE)                                                                                          \
	C(MN_GET, 27, READ)                                                                                            \
	C(MN_ADD, 28, WRITE)                                                                                           \
	C(MN_DEL, 29, WRITE)                                                                                           \
	C(MN_START, 30, WRITE)                                                                                         \
	C(MN_STOP, 31, WRITE)                                                                                          \
	C(MONITOR, 32, READ)                                                                                           \
	C(BEGIN, 33, WRITE)                                                                                            \
	C(COMMIT, 34, WRITE)                                                                                           \
	C(CONFIG_GET, 35, READ)                                                                                        \
	C(CONFIG_RESET, 36, WRITE)                                                                                     \
	C(CN_GET, 37, READ)                                                                                            \
	C(CN_SET, 38, WRITE)                                                                                           \
	C(CN_START, 39, WRITE)                                                                                         \
	C(CN_STOP, 40, WRITE)                                                                                          \
	C(RO_GET, 41, READ)                                                                                            \
	C(RO_ADD, 42, WRITE)                                                                                           \
	C(RO_DEL, 43, WRITE)                                                                                           \
	C(HA_LIST, 44, READ)                                                                                           \
	C(STATS_GET, 45, READ)                                                                                         \
	C(CONFIRM, 46, WRITE)                                                                                          \
	C(UNDO, 47, WRITE)                                                                                             \
	C(IPSEC_GET, 50, READ)                                                                                         \
	C(IPSEC_ADD, 51, WRITE)                                                                                        \
	C(IPSEC_DEL, 52, WRITE)                                                                                        \
	C(HA_ADD, 53, WRITE)                                                                                           \
	C(HA_DEL, 54, WRITE)                                                                                           \
	C(MN_LINKS, 55, READ)                                                                                          \
	C(MN_USE, 56, WRITE)                                                                                           \
	C(MN_UNUSE, 57, WRITE)                                                                                         \
	C(ACL_GET, 58, READ)                                                                                           \
	C(ACL_ALLOW, 59, WRITE)                                                                                        \
	C(ACL_DENY, 60, WRITE)                                                                                         \
	C(ACL_DEL, 61, WRITE)                                                                                          \
	C(HA_RESTART, 62, WRITE)                                                                                       \
	C(MN_RESTART, 63, WRITE)                                                                                       \
	C(CN_RESTART, 66, WRITE)                                                                                       \
	C(FLOW_GET, 67, READ)                                                                                          \
	C(RO_RETRY, 68, WRITE)                                                                                         \
	C(AUTH_GET, 75, READ)                                                                                          \
	C(AUTH_ADD, 76, WRITE)                                                                                         \
	C(AUTH_DEL, 77, WRITE)                                                                                         \
	C(CELL_GET, 78, READ)

#define MIP_CMD_ENUM(name, number, class) MIP_##name = number,
enum mip_command { MIP_COMMANDS(MIP_CMD_ENUM) MIP_EVENT = 64, MIP_EVENT_SYNC = 65 };
#undef MIP_CMD_ENUM

/* Attributes inside the NLMSG_ERROR of a refusal, after struct nlmsgerr. */
enum mip_err_attr {
	MIP_ERR_TEXT = 1, /* string, for a person */
	MIP_ERR_ATTR = 2, /* u16, the attribute to blame */
	MIP_ERR_INDEX = 3 /* u32, which write command since MIP_BEGIN, from 0 */
};

#endif
