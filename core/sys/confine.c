/*
 * self.h: the system calls the agent makes once it serves, by a filter of the kernel's (seccomp). All others fail with
 * EPERM: programs are not executed, processes not made or traced, modules not loaded, nothing is mounted. Written out
 * as a list and not through a library: one action, no arguments looked at.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "sys/self.h"

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define MACHINE AUDIT_ARCH_RISCV64
#endif

#ifdef MACHINE
static const unsigned allowed[] = {
	SYS_bpf, /* the first: for who has CAP_BPF only, to fill maps of the fast path */
	/* the loop */
	SYS_epoll_create1,
	SYS_epoll_ctl,
	SYS_epoll_pwait,
	SYS_ppoll,
	SYS_pselect6,
	SYS_signalfd4,
	SYS_timerfd_create,
	SYS_timerfd_settime,
	SYS_clock_gettime,
	SYS_clock_nanosleep,
	SYS_nanosleep,
	SYS_gettimeofday,
	SYS_restart_syscall,
	SYS_rt_sigreturn,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_exit,
	SYS_exit_group,
	/* sockets: netlink, raw, control */
	SYS_socket,
	SYS_bind,
	SYS_listen,
	SYS_accept,
	SYS_accept4,
	SYS_connect,
	SYS_getsockname,
	SYS_getpeername,
	SYS_getsockopt,
	SYS_setsockopt,
	SYS_sendto,
	SYS_recvfrom,
	SYS_sendmsg,
	SYS_recvmsg,
	SYS_sendmmsg,
	SYS_recvmmsg,
	SYS_shutdown,
	SYS_ioctl,
	/* files: the store, /proc/sys, TUN devices, the socket's directory */
	SYS_openat,
	SYS_close,
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_pread64,
	SYS_pwrite64,
	SYS_lseek,
	SYS_fstat,
	SYS_inotify_init1,
	SYS_inotify_add_watch,
	SYS_utimensat,
	SYS_newfstatat,
	SYS_statx,
	SYS_statfs,
	SYS_fstatfs,
	SYS_faccessat,
	SYS_faccessat2,
	SYS_fcntl,
	SYS_flock,
	SYS_fsync,
	SYS_fdatasync,
	SYS_ftruncate,
	SYS_fallocate,
	SYS_unlinkat,
	SYS_renameat2,
	SYS_readlinkat,
	SYS_getdents64,
	SYS_getcwd,
	SYS_mkdirat,
	SYS_fchmod,
	SYS_fchmodat,
	SYS_fchown,
	SYS_umask,
	SYS_dup,
	SYS_pipe2,
	/* memory */
	SYS_brk,
	SYS_mmap,
	SYS_munmap,
	SYS_mremap,
	SYS_mprotect,
	SYS_madvise,
	SYS_futex,
	SYS_membarrier,
	/* what it asks about itself; waiting for and ending what it started, and abort(3) */
	SYS_getrandom,
	SYS_getpid,
	SYS_gettid,
	SYS_getppid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_uname,
	SYS_sysinfo,
	SYS_capget,
	SYS_prlimit64,
	SYS_getrlimit,
	SYS_getrusage,
	SYS_sched_yield,
	SYS_wait4,
	SYS_tgkill,
#ifdef __x86_64__ /* which has the older ones, too, and a C library that uses them */
	SYS_epoll_wait,
	SYS_poll,
	SYS_select,
	SYS_open,
	SYS_stat,
	SYS_lstat,
	SYS_access,
	SYS_unlink,
	SYS_rename,
	SYS_readlink,
	SYS_mkdir,
	SYS_chmod,
	SYS_time,
#endif
};

#define ALLOWED (sizeof(allowed) / sizeof(*allowed))
#define HEAD	4 /* instructions before the list */

_Static_assert(ALLOWED < 250, "a jump goes over 255 instructions at most");

static int install(void)
{
	struct sock_filter code[HEAD + ALLOWED + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog prog = {.filter = code};
	size_t n = HEAD;

	for (size_t i = !self_has_cap_bpf(); i < ALLOWED; i++)
		code[n++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], (uint8_t)(ALLOWED - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	prog.len = (unsigned short)n;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0 ? -errno : 0;
}
#else
static int install(void)
{
	return -ENOSYS;
}
#endif

void self_confine(bool wanted, char *state, size_t cap)
{
	int err;

#ifdef __SANITIZE_ADDRESS__ /* its end traces the process */
	snprintf(state, cap, "off: built with sanitizers");
	return;
#endif
	err = wanted ? install() : 0;
	if (!wanted)
		snprintf(state, cap, "off: mipd was told so");
	else if (err)
		snprintf(state, cap, "off: %s", err == -ENOSYS ? "no list for this processor" : strerror(-err));
	else
		snprintf(state, cap, "on");
}
