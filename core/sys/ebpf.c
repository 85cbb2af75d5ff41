/* ebpf.h. The few functions of libbpf that loading takes are found by name; their types are its header's. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/ebpf.h"
#include <linux/bpf.h>

struct bpf_object;
struct bpf_map;
struct bpf_program;

static int call(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr)) < 0 ? -errno : 0;
}

static union bpf_attr element(int map, const void *key, const void *value)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a)); /* all of it: the kernel refuses what it does not know */
	a.map_fd = (uint32_t)map;
	a.key = (uint64_t)(uintptr_t)key;
	a.value = (uint64_t)(uintptr_t)value;
	return a;
}

int ebpf_update(int map, const void *key, const void *value)
{
	union bpf_attr a = element(map, key, value);

	return call(BPF_MAP_UPDATE_ELEM, &a);
}

int ebpf_lookup(int map, const void *key, void *value)
{
	union bpf_attr a = element(map, key, value);

	return call(BPF_MAP_LOOKUP_ELEM, &a);
}

int ebpf_delete(int map, const void *key)
{
	union bpf_attr a = element(map, key, NULL);

	return call(BPF_MAP_DELETE_ELEM, &a);
}

int ebpf_next(int map, const void *key, void *next)
{
	union bpf_attr a = element(map, key, next);

	return call(BPF_MAP_GET_NEXT_KEY, &a);
}

/* --- loading ------------------------------------------------------------------------------------------------------ */

struct lib {
	void *handle;
	struct bpf_object *(*open_mem)(const void *, size_t, const void *);
	int (*load)(struct bpf_object *);
	void (*close)(struct bpf_object *);
	struct bpf_map *(*find_map)(const struct bpf_object *, const char *);
	int (*set_entries)(struct bpf_map *, uint32_t);
	int (*set_value)(struct bpf_map *, const void *, size_t);
	int (*map_fd)(const struct bpf_map *);
	struct bpf_program *(*find_program)(const struct bpf_object *, const char *);
	int (*program_fd)(const struct bpf_program *);
	void *(*set_print)(int (*)(int, const char *, void *));
};

/* libbpf would explain itself on stderr. */
static int quiet(int level, const char *format, void *args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

static bool lib_open(struct lib *l, struct why *why)
{
	const struct {
		const char *name;
		void **at;
	} f[] = {
		{"bpf_object__open_mem", (void **)&l->open_mem},
		{"bpf_object__load", (void **)&l->load},
		{"bpf_object__close", (void **)&l->close},
		{"bpf_object__find_map_by_name", (void **)&l->find_map},
		{"bpf_map__set_max_entries", (void **)&l->set_entries},
		{"bpf_map__set_initial_value", (void **)&l->set_value},
		{"bpf_map__fd", (void **)&l->map_fd},
		{"bpf_object__find_program_by_name", (void **)&l->find_program},
		{"bpf_program__fd", (void **)&l->program_fd},
		{"libbpf_set_print", (void **)&l->set_print},
	};

	l->handle = dlopen("libbpf.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!l->handle)
		return (void)why_set(why, EOPNOTSUPP, "libbpf is not installed"), false;
	for (size_t i = 0; i < sizeof(f) / sizeof(f[0]); i++) {
		*f[i].at = dlsym(l->handle, f[i].name);
		if (!*f[i].at)
			return (void)why_set(why, EOPNOTSUPP, "libbpf.so.1 has no %s", f[i].name), false;
	}
	l->set_print(quiet);
	return true;
}

static int prepare_object(const struct lib *l, struct bpf_object *o, const void *conf, size_t conf_len,
	const struct ebpf_map *maps, size_t n_maps)
{
	struct bpf_map *m = l->find_map(o, ".rodata");
	int err = m ? l->set_value(m, conf, conf_len) : -ENOENT;

	for (size_t i = 0; i < n_maps && !err; i++) {
		m = l->find_map(o, maps[i].name);
		err = !m ? -ENOENT : maps[i].entries ? l->set_entries(m, maps[i].entries) : 0;
	}
	return err;
}

static int own(int fd, int *to)
{
	*to = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return *to < 0 ? -EBADF : 0;
}

static int own_all(const struct lib *l, struct bpf_object *o, struct ebpf_map *maps, size_t n_maps,
	struct ebpf_prog *progs, size_t n_progs)
{
	int err = 0;

	for (size_t i = 0; i < n_maps && !err; i++)
		err = own(l->map_fd(l->find_map(o, maps[i].name)), &maps[i].fd);
	for (size_t i = 0; i < n_progs && !err; i++) {
		const struct bpf_program *p = l->find_program(o, progs[i].name);

		err = p ? own(l->program_fd(p), &progs[i].fd) : -ENOENT;
	}
	return err;
}

void ebpf_unload(struct ebpf_map *maps, size_t n_maps, struct ebpf_prog *progs, size_t n_progs)
{
	for (size_t i = 0; i < n_maps; i++) {
		if (maps[i].fd >= 0)
			close(maps[i].fd);
		maps[i].fd = -1;
	}
	for (size_t i = 0; i < n_progs; i++) {
		if (progs[i].fd >= 0)
			close(progs[i].fd);
		progs[i].fd = -1;
	}
}

int ebpf_load(const void *elf, size_t len, const void *conf, size_t conf_len, struct ebpf_map *maps, size_t n_maps,
	struct ebpf_prog *progs, size_t n_progs, struct why *why)
{
	struct bpf_object *o = NULL;
	struct lib l = {0};
	int err = lib_open(&l, why) ? 0 : -EOPNOTSUPP;

	for (size_t i = 0; i < n_maps; i++)
		maps[i].fd = -1;
	for (size_t i = 0; i < n_progs; i++)
		progs[i].fd = -1;
	if (!err) {
		o = l.open_mem(elf, len, NULL);
		err = o ? prepare_object(&l, o, conf, conf_len, maps, n_maps) : -errno;
	}
	if (!err)
		err = l.load(o) ?: own_all(&l, o, maps, n_maps, progs, n_progs);
	if (err)
		ebpf_unload(maps, n_maps, progs, n_progs);
	if (o)
		l.close(o);
	if (l.handle)
		dlclose(l.handle);
	if (err == -EPERM)
		return why_set(why, EPERM, "no privilege to load programs into the kernel (CAP_BPF)");
	return err ? why_set(why, -err, "load programs into the kernel: %s", strerror(-err)) : 0;
}
