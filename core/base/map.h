/*
 * A hash map of intrusive nodes, keyed by a fixed number of bytes that stand
 * right after the node. Find, add and delete are O(1); a seed keeps a remote
 * that chooses keys from choosing the bucket.
 *
 * A dense array beside the buckets makes the map walkable by index. Walk from
 * the end to the start: then a deletion between two steps never hides an entry
 * (it may show one twice), which is what a dump in pieces needs.
 */
#ifndef MIP_BASE_MAP_H
#define MIP_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_node {
	struct map_node *next;
	uint32_t hash, index;
	/* the key follows */
};

struct map {
	struct map_node **bucket, **item;
	size_t n, cap;	/* entries; room in item[], a power of two: there are as many buckets, or some times more */
	size_t key_len; /* bytes */
	uint64_t seed;
};

void map_init(struct map *m, size_t key_len, uint64_t seed);
/* Frees the arrays; the nodes are their owners'. */
void map_free(struct map *m);
struct map_node *map_find(const struct map *m, const void *key);
/* Adds a node whose key is not in the map. 0 or -ENOMEM. */
int map_add(struct map *m, struct map_node *node) __attribute__((warn_unused_result));
void map_del(struct map *m, struct map_node *node);

#endif
