/*
 * tun.h: /dev/net/tun. With IFF_VNET_HDR: packets as the stack leaves them to a device that cuts segments and
 * fills checksums, of TCP and, where the kernel's TUN knows it (6.2), of UDP.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/tun.h"
#include <linux/if_tun.h>

void sock_grow(int fd, int bytes)
{
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

/* The name may be a running agent's (EBUSY) or a persistent device of somebody's, which must not be taken over: only
 * one that an agent left is. */
static int attach(int fd, struct nl *nl, const char *name, struct why *why)
{
	struct ifreq req = {.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR)};
	unsigned left;
	int err = link_find_ours(nl, name, "tun", &left, why);

	if (err)
		return err;
	if (!left)
		req.ifr_flags = (short)(req.ifr_flags | IFF_TUN_EXCL);
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &req) == 0)
		return 0;
	if (errno == EBUSY)
		return why_set(why, EBUSY, "device %s exists: another agent runs in this network namespace?", name);
	return why_set(why, errno, "create TUN device %s: %s", name, strerror(errno));
}

static int offload(int fd, struct why *why)
{
	static const unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;

	if (!ioctl(fd, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) || !ioctl(fd, TUNSETOFFLOAD, tcp))
		return 0;
	return why_set(why, errno, "segmentation offload of a TUN device: %s", strerror(errno));
}

int tun_open_vnet(struct nl *nl, const char *name, const struct link_set *set, unsigned *ifindex, struct why *why)
{
	int err, fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return why_set(why, errno, "/dev/net/tun: %s", strerror(errno));
	if (*ifindex) /* taken meanwhile: attach says EBUSY, and the next device gets any number */
		(void)ioctl(fd, TUNSETIFINDEX, ifindex);
	err = attach(fd, nl, name, why) ?: offload(fd, why);
	*ifindex = err ? 0 : if_nametoindex(name);
	if (!err)
		err = link_setup(nl, *ifindex, set, why);
	if (!err)
		return fd;
	close(fd);
	return err;
}

void tun_persist(int fd, bool yes)
{
	(void)ioctl(fd, TUNSETPERSIST, yes);
}

int tun_delete_left(struct nl *nl, const char *name, struct why *why)
{
	unsigned left;
	int fd, err = link_find_ours(nl, name, "tun", &left, why);

	if (err || !left)
		return err;
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return why_set(why, errno, "/dev/net/tun: %s", strerror(errno));
	err = attach(fd, nl, name, why);
	if (!err)
		tun_persist(fd, false);
	close(fd);
	return err;
}
