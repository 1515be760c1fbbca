/**
 * The part of Python's pickle (protocol 2) that PyTorch's state dicts need. Unpickling runs no code here: names of
 * callables are looked up in a list that the caller gives, and anything else is refused.
 */

/** What a pickle holds here: a dictionary is a Map, tuples and lists are arrays. */
export type Pickled = null | boolean | number | string | Pickled[] | Map<Pickled, Pickled> | object;

export interface PickleNames {
  /** The callable or class that `module.name` stands for; throws for those that are not allowed. */
  global(module: string, name: string): unknown;
  /** Calls what {@link global} gave. */
  call(callable: unknown, parameters: readonly unknown[]): unknown;
  /** What a persistent id stands for. */
  persistent(id: unknown): unknown;
}

const mark = Symbol('mark');

/** @throws Error with the reason at anything but the subset, and where the bytes end early. */
export function unpickle(bytes: Uint8Array, names: PickleNames): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: unknown[] = [];
  const memo = new Map<number, unknown>();
  let at = 0;
  const need = (count: number) => {
    if (at + count > bytes.length) throw new Error('the pickle is cut off');
    at += count;
    return at - count;
  };
  const text = (length: number) => {
    const from = need(length);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(from, from + length));
  };
  const line = () => {
    const stop = bytes.indexOf(0x0a, at);
    if (stop < 0) throw new Error('the pickle is cut off');
    const value = text(stop - at);
    at++;
    return value;
  };
  const pop = () => {
    if (stack.length === 0 || stack[stack.length - 1] === mark)
      throw new Error('the pickle’s stack is empty');
    return stack.pop();
  };
  const top = () => stack[stack.length - 1];
  const toMark = () => {
    const from = stack.lastIndexOf(mark);
    if (from < 0) throw new Error('the pickle has no mark');
    return stack.splice(from).slice(1);
  };
  const recall = (key: number) => {
    if (!memo.has(key)) throw new Error(`the pickle recalls ${key}, which it never stored`);
    stack.push(memo.get(key));
  };
  const put = (target: unknown, pairs: readonly unknown[]) => {
    if (!(target instanceof Map) || pairs.length % 2 !== 0)
      throw new Error('the pickle fills what is no dictionary');
    for (let i = 0; i < pairs.length; i += 2) target.set(pairs[i], pairs[i + 1]);
  };
  const append = (target: unknown, items: readonly unknown[]) => {
    if (!Array.isArray(target)) throw new Error('the pickle appends to what is no list');
    target.push(...items);
  };
  const integer = (length: number) => {
    const from = need(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[from + i]);
    const signed = length === 0 ? 0n : BigInt.asIntN(length * 8, value);
    if (signed > Number.MAX_SAFE_INTEGER || signed < Number.MIN_SAFE_INTEGER)
      throw new Error(`${signed} is too large`);
    return Number(signed);
  };

  const steps: Record<number, () => void> = {
    128: () => {
      // PROTO
      const protocol = bytes[need(1)];
      if (protocol < 2 || protocol > 3) throw new Error(`it is pickled by protocol ${protocol}, not 2`);
    },
    99: () => stack.push(names.global(line(), line())), // GLOBAL
    113: () => memo.set(bytes[need(1)], top()), // BINPUT
    114: () => memo.set(view.getUint32(need(4), true), top()), // LONG_BINPUT
    104: () => recall(bytes[need(1)]), // BINGET
    106: () => recall(view.getUint32(need(4), true)), // LONG_BINGET
    40: () => stack.push(mark), // MARK
    41: () => stack.push([]), // EMPTY_TUPLE
    93: () => stack.push([]), // EMPTY_LIST
    125: () => stack.push(new Map()), // EMPTY_DICT
    116: () => stack.push(toMark()), // TUPLE
    133: () => stack.push([pop()]), // TUPLE1
    134: () => stack.push([pop(), pop()].reverse()), // TUPLE2
    135: () => stack.push([pop(), pop(), pop()].reverse()), // TUPLE3
    78: () => stack.push(null), // NONE
    136: () => stack.push(true), // NEWTRUE
    137: () => stack.push(false), // NEWFALSE
    74: () => stack.push(view.getInt32(need(4), true)), // BININT
    75: () => stack.push(bytes[need(1)]), // BININT1
    77: () => stack.push(view.getUint16(need(2), true)), // BININT2
    138: () => stack.push(integer(bytes[need(1)])), // LONG1
    71: () => stack.push(view.getFloat64(need(8), false)), // BINFLOAT
    88: () => stack.push(text(view.getUint32(need(4), true))), // BINUNICODE
    81: () => stack.push(names.persistent(pop())), // BINPERSID
    82: () => {
      // REDUCE
      const parameters = pop();
      if (!Array.isArray(parameters)) throw new Error('the pickle calls without parameters');
      stack.push(names.call(pop(), parameters));
    },
    // BUILD gives an object attributes, such as a state dict's `_metadata`: nothing that a tensor needs.
    98: () => void pop(),
    115: () => {
      // SETITEM
      const pair = [pop(), pop()].reverse();
      put(top(), pair);
    },
    117: () => {
      // SETITEMS
      const pairs = toMark();
      put(top(), pairs);
    },
    97: () => {
      // APPEND
      const item = pop();
      append(top(), [item]);
    },
    101: () => {
      // APPENDS
      const items = toMark();
      append(top(), items);
    },
  };
  for (;;) {
    const code = bytes[need(1)];
    if (code === 46) return pop(); // STOP
    const step = steps[code];
    if (step === undefined) throw new Error(`the pickle uses operation ${code}, which no state dict needs`);
    step();
  }
}
