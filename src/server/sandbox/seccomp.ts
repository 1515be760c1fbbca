/**
 * A filter of system calls for a process that has nothing to do but compute: no sockets, no further processes, no look into
 * others, and none of the rarely used calls that attacks on kernels begin with. Classic BPF over `struct seccomp_data`.
 */

type Architecture = 'x64' | 'arm64';

interface Numbers {
  /** AUDIT_ARCH_* of linux/audit.h. */
  audit: number;
  clone: number;
  /** Refused with EPERM. */
  refused: readonly number[];
}

/** The same on both. clone3 and io_uring_setup are said not to exist, which makes the C library and libuv do without. */
const [clone3, ioUringSetup] = [435, 425];
const alsoRefused = [
  ...[434, 438], // pidfd_open, pidfd_getfd
  ...[428, 429, 430, 431, 432, 433, 442], // open_tree … fspick, mount_setattr
];

const numbers: Record<Architecture, Numbers> = {
  x64: {
    audit: 0xc000003e,
    clone: 56,
    refused: [
      ...[41, 49, 50, 42], // socket, bind, listen, connect
      ...[57, 58], // fork, vfork
      ...[101, 310, 311, 312], // ptrace, process_vm_readv, process_vm_writev, kcmp
      ...[298, 321, 323], // perf_event_open, bpf, userfaultfd
      ...[248, 249, 250], // add_key, request_key, keyctl
      ...[165, 166, 155, 161, 272, 308], // mount, umount2, pivot_root, chroot, unshare, setns
      ...[175, 176, 313, 246, 320, 169, 167, 168], // modules, kexec, reboot, swapon, swapoff
      ...[303, 304, 300, 301], // name_to_handle_at, open_by_handle_at, fanotify_init, fanotify_mark
    ],
  },
  arm64: {
    audit: 0xc00000b7,
    clone: 220,
    refused: [
      ...[198, 200, 201, 203],
      ...[117, 270, 271, 272],
      ...[241, 280, 282],
      ...[217, 218, 219],
      ...[40, 39, 41, 51, 97, 268],
      ...[105, 106, 273, 104, 294, 142, 224, 225],
      ...[264, 265, 262, 263],
    ],
  },
};

const [allow, errno] = [0x7fff0000, 0x00050000];
const [EPERM, ENOSYS] = [1, 38];
/** CLONE_NEWNS, CLONE_NEWCGROUP … CLONE_NEWNET: namespaces, in which an unprivileged process is root. */
const newNamespaces = 0x7e020000;
const thread = 0x00010000;

const [load, jumpEqual, jumpAtLeast, jumpAnyBit, give] = [0x20, 0x15, 0x35, 0x45, 0x06];

/** @returns 8 bytes an instruction; undefined for processors whose numbers are not known here. */
export function callFilter(architecture: string): Uint8Array | undefined {
  if (!Object.hasOwn(numbers, architecture)) return undefined;
  const { audit, clone, refused } = numbers[architecture as Architecture];
  const deny = (error: number): Instruction => [give, 0, 0, errno | error];
  const program: Instruction[] = [
    // Another architecture's calls have other numbers: none of them is let through.
    [load, 0, 0, 4],
    [jumpEqual, 1, 0, audit],
    deny(EPERM),
    [load, 0, 0, 0],
    // x32, a second set of numbers on x64.
    [jumpAtLeast, 0, 1, 0x40000000],
    deny(EPERM),
    ...[clone3, ioUringSetup].flatMap((number): Instruction[] => [[jumpEqual, 0, 1, number], deny(ENOSYS)]),
    ...[...refused, ...alsoRefused].flatMap((number): Instruction[] => [
      [jumpEqual, 0, 1, number],
      deny(EPERM),
    ]),
    // A thread of this process, in the namespaces of this process, and nothing else.
    [jumpEqual, 0, 4, clone],
    [load, 0, 0, 16],
    [jumpAnyBit, 1, 0, newNamespaces],
    [jumpAnyBit, 1, 0, thread],
    deny(EPERM),
    [give, 0, 0, allow],
  ];
  const bytes = Buffer.alloc(program.length * 8);
  for (const [i, [code, yes, no, value]] of program.entries()) {
    bytes.writeUInt16LE(code, i * 8);
    bytes.writeUInt8(yes, i * 8 + 2);
    bytes.writeUInt8(no, i * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, i * 8 + 4);
  }
  return bytes;
}

/** Code, instructions to skip where it holds and where not, value. */
type Instruction = readonly [number, number, number, number];
