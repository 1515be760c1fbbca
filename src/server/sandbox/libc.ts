/** The few functions of the C library that a process needs to confine itself. Linux alone. */

export interface Libc {
  /** @param flags 1 asks for the version. @returns a file descriptor or the version, -1 for errors */
  createRuleset(attributes: Uint8Array | null, size: bigint, flags: number): number;
  addPathRule(ruleset: number, rule: Uint8Array): number;
  restrictSelf(ruleset: number): number;
  open(path: string, flags: number): number;
  close(file: number): void;
  /** No program that is started from here on has more rights than this one. Throws where the kernel refuses. */
  allowNothingNew(): void;
  /** Loads a filter of system calls (8 bytes an instruction); throws where the kernel refuses. */
  filterCalls(program: Uint8Array): void;
  /** Has this process killed when its parent ends. */
  endWithParent(): void;
  /** Lets a file stay open across {@link replace}. */
  keepOpen(file: number): void;
  /** Becomes another program; comes back only where that fails. */
  replace(path: string, args: readonly string[], env: Readonly<Record<string, string>>): void;
}

/** The same on all architectures: Landlock is younger than the common numbers. */
const [createRuleset, addRule, restrictSelf] = [444n, 445n, 446n];
const [setDeathSignal, setSeccomp, setNoNewPrivileges] = [1, 22, 38];
const [setDescriptorFlags, killSignal, filterMode, pathBeneath] = [2, 9n, 2n, 1n];

/** @throws where koffi or the library cannot be loaded */
export async function openLibc(): Promise<Libc> {
  const { default: koffi } = await import('koffi');
  // Our own image has the C library's functions already, whatever its file is called (glibc, musl).
  const library = koffi.load(null);
  const create = library.func(
    'long syscall(uint64_t number, void *attributes, uint64_t size, uint64_t flags)',
  );
  const add = library.func(
    'long syscall(uint64_t number, uint64_t ruleset, uint64_t type, void *rule, uint64_t flags)',
  );
  const restrict = library.func('long syscall(uint64_t number, uint64_t ruleset, uint64_t flags)');
  const prctl = library.func('int prctl(int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d)');
  koffi.struct('sock_fprog', { length: 'uint16_t', filter: 'void *' });
  const setFilter = library.func(
    'int prctl(int option, uint64_t mode, const sock_fprog *program, uint64_t c, uint64_t d)',
  );
  const open = library.func('int open(const char *path, int flags)');
  const close = library.func('int close(int file)');
  const fcntl = library.func('int fcntl(int file, int command, int value)');
  const execve = library.func('int execve(const char *path, const char **args, const char **env)');
  return {
    createRuleset: (attributes, size, flags) =>
      Number(create(createRuleset, attributes, size, BigInt(flags))),
    addPathRule: (ruleset, rule) => Number(add(addRule, BigInt(ruleset), pathBeneath, rule, 0n)),
    restrictSelf: (ruleset) => Number(restrict(restrictSelf, BigInt(ruleset), 0n)),
    open: (path, flags) => open(path, flags),
    close: (file) => void close(file),
    allowNothingNew: () => {
      if (prctl(setNoNewPrivileges, 1n, 0n, 0n, 0n) !== 0) throw new Error('the kernel keeps giving rights');
    },
    filterCalls: (program) => {
      const filter = { length: program.length / 8, filter: program };
      if (setFilter(setSeccomp, filterMode, filter, 0n, 0n) !== 0) {
        throw new Error('the kernel takes no filter of system calls');
      }
    },
    endWithParent: () => void prctl(setDeathSignal, killSignal, 0n, 0n, 0n),
    keepOpen: (file) => void fcntl(file, setDescriptorFlags, 0),
    replace: (path, args, env) =>
      void execve(
        path,
        [...args, null],
        [...Object.entries(env).map(([key, value]) => `${key}=${value}`), null],
      ),
  };
}
