"""Joins a closed process group of corosync's and sends it octets that mean nothing: cellnoise.py GROUP COUNT"""
import ctypes, os, sys

class Name(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint32), ("value", ctypes.c_char * 128)]

class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("len", ctypes.c_size_t)]

OK, TRY_AGAIN, AGREED, ALL = 1, 6, 2, 2
cpg = ctypes.CDLL("libcpg.so.4")
handle = ctypes.c_uint64()
group = Name(len(sys.argv[1]), sys.argv[1].encode())
deliver = ctypes.CFUNCTYPE(None)(lambda: None)
callbacks = (ctypes.c_void_p * 2)(ctypes.cast(deliver, ctypes.c_void_p), ctypes.cast(deliver, ctypes.c_void_p))

def until_ok(call, *args):
    while (rc := call(*args)) == TRY_AGAIN:
        cpg.cpg_dispatch(handle, ALL)
    if rc != OK:
        sys.exit(f"libcpg: {rc}")

until_ok(cpg.cpg_initialize, ctypes.byref(handle), callbacks)
until_ok(cpg.cpg_join, handle, ctypes.byref(group))
for i in range(int(sys.argv[2])):
    data = os.urandom(i) if i % 2 else b"mipc" + os.urandom(4 * i)
    until_ok(cpg.cpg_mcast_joined, handle, AGREED, ctypes.byref(Iovec(data, len(data))), 1)
cpg.cpg_dispatch(handle, ALL)
cpg.cpg_finalize(handle)
