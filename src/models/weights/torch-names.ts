/** PyTorch's names for the tensors of a layer. */
const names: Readonly<Record<string, string>> = {
  gamma: 'weight',
  beta: 'bias',
  mean: 'running_mean',
  variance: 'running_var',
};

/** `gamma` → `weight`, `mean` → `running_mean`, …; weights and biases keep their names. */
export function torchTensor(name: string): string {
  return names[name] ?? name;
}

/** `layer1/0/bn1/gamma` → `layer1.0.bn1.weight`: for networks whose layers are called as in the library. */
export function torchPath(path: string): string {
  const parts = path.split('/');
  const last = parts.pop() as string;
  return [...parts, torchTensor(last)].join('.');
}
