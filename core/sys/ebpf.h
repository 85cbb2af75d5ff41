/*
 * bpf(2), and libbpf for loading. libbpf is asked for when something is to be loaded (dlopen), so that who has no use
 * for it need not have it, and is gone afterwards: maps and programs are descriptors.
 */
#ifndef MIP_SYS_EBPF_H
#define MIP_SYS_EBPF_H

#include <stddef.h>
#include <stdint.h>

#include "base/why.h"

struct ebpf_map {
	const char *name;
	uint32_t entries; /* at most; 0 = as the object says */
	int fd;		  /* -1 until loaded */
};

struct ebpf_prog {
	const char *name;
	int fd;
};

/* Loads the ELF object elf[len]: its maps and programs by name; conf[conf_len] becomes its .rodata. On failure no
 * descriptor stays, and why says whether it was libbpf, the privilege or the kernel. */
int ebpf_load(const void *elf, size_t len, const void *conf, size_t conf_len, struct ebpf_map *maps, size_t n_maps,
	struct ebpf_prog *progs, size_t n_progs, struct why *why) __attribute__((warn_unused_result));
/* Closes them, as far as they are open. */
void ebpf_unload(struct ebpf_map *maps, size_t n_maps, struct ebpf_prog *progs, size_t n_progs);

/* Elements by key; sizes are the map's. 0 or -errno. */
int ebpf_update(int map, const void *key, const void *value) __attribute__((warn_unused_result));
int ebpf_lookup(int map, const void *key, void *value) __attribute__((warn_unused_result));
int ebpf_delete(int map, const void *key) __attribute__((warn_unused_result));
/* The key behind `key` (NULL: the first). -ENOENT: that was the last. */
int ebpf_next(int map, const void *key, void *next) __attribute__((warn_unused_result));

#endif
