/*
 * Inside of nft.h, shared by nft.c (changes) and nft_get.c (reading back).
 */
#ifndef MIP_SYS_NFT_IMPL_H
#define MIP_SYS_NFT_IMPL_H

#include "sys/nft.h"
#include "sys/nl.h"
#include "sys/removal.h"

#define NFT_BATCH (64 * 1024)

struct nft {
	struct mnl_socket *s;
	uint8_t family;
	uint32_t seq, set_id;
	bool full;
	size_t len;
	struct removal removal;
	void (*lost)(void *ctx); /* of nft_watch */
	void *lost_ctx;
	char buf[NFT_BATCH];
};

#endif
