"""Reference values of torchvision's networks for src/models/parity.test.ts.

Run with Debian's Python: /usr/bin/python3 bench/reference/torch_networks.py
Weights and pictures are a formula of tensor name and position that both sides compute alike, so that only results are
committed: src/models/cases/torch.json, and small.pth, a state dict with every kind of tensor that the reader takes.

Gradients of networks with batch normalisation are taken at calm weights (scale around 0.5, shift around 2), where next
to no unit sits at its ReLU's corner: at others, PyTorch's own float32 gradients of ResNet-18 and DenseNet-121 differ
from its float64 ones by up to 3 % (whole-tensor norm of the difference), because rounding moves units across.
"""
import json, pathlib
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F, torchvision

torch.set_num_threads(2)
out = pathlib.Path(__file__).resolve().parents[2] / "src/models/cases"
M = 0xFFFFFFFF


def fnv(text):
    h = 0x811C9DC5
    for c in text.encode():
        h = ((h ^ c) * 0x01000193) & M
    return h


def pattern(name, count):
    """murmur3's finaliser over (name, position): 24 bits in [-1, 1), exact in float32."""
    h = (np.arange(count, dtype=np.uint64) * 0x9E3779B1 + fnv(name)) & M
    h ^= h >> 16
    h = (h * 0x85EBCA6B) & M
    h ^= h >> 13
    h = (h * 0xC2B2AE35) & M
    h ^= h >> 16
    return (h >> 8).astype(np.float64) / 2**23 - 1


def value(name, shape, calm=False):
    u = pattern(name, int(np.prod(shape)))
    if name.endswith("running_var"):
        v = 1 + 0.5 * u
    elif name.endswith("running_mean"):
        v = 0.1 * u
    elif len(shape) >= 2:
        v = u * np.sqrt(6 / np.prod(shape[1:]))
    elif name.endswith("weight"):
        v = 0.5 + 0.1 * u if calm else 1 + 0.2 * u
    else:
        v = 0.2 * u + (2 if calm else 0)
    return torch.from_numpy(v.astype(np.float32).reshape(shape))


class Separable(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.conv1 = nn.Conv2d(i, i, 3, 1, 1, groups=i, bias=False)
        self.pointwise = nn.Conv2d(i, o, 1, bias=False)

    def forward(self, x):
        return self.pointwise(self.conv1(x))


class XceptionBlock(nn.Module):
    """Chollet 2017, figure 5: ReLU and separable convolution twice, pooling, strided shortcut."""

    def __init__(self, i, o):
        super().__init__()
        self.rep = nn.Sequential(
            nn.ReLU(), Separable(i, o), nn.BatchNorm2d(o), nn.ReLU(), Separable(o, o), nn.BatchNorm2d(o), nn.MaxPool2d(3, 2, 1)
        )
        self.skip, self.skipbn = nn.Conv2d(i, o, 1, 2, bias=False), nn.BatchNorm2d(o)

    def forward(self, x):
        return self.rep(x) + self.skipbn(self.skip(x))


class Vgg(nn.Module):
    def __init__(self, last, channels):
        super().__init__()
        self.features = torchvision.models.vgg16().features[:last]
        self.classifier = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, x):
        return self.classifier(self.features(x)).mean((2, 3))


class Trunk(nn.Module):
    """Everything before the classifier, pooled."""

    def __init__(self, network, features):
        super().__init__()
        self.__dict__["features_of"] = features
        for name, module in network.named_children():
            setattr(self, name, module)

    def forward(self, x):
        return self.features_of(self, x).mean((2, 3))


def resnet_features(m, x):
    x = m.maxpool(m.relu(m.bn1(m.conv1(x))))
    return m.layer4(m.layer3(m.layer2(m.layer1(x))))


def trunk(network, head, features):
    delattr(network, head)
    return Trunk(network, features)


cases = {
    "resnet18": (trunk(torchvision.models.resnet18(), "fc", resnet_features), (4, 3, 64, 64)),
    "densenet121": (trunk(torchvision.models.densenet121(), "classifier", lambda m, x: F.relu(m.features(x))), (4, 3, 64, 64)),
    "vgg5": (Vgg(9, 128), (2, 3, 32, 32)),
    "vgg8": (Vgg(16, 256), (2, 3, 32, 32)),
    "xception-block": (XceptionBlock(16, 24), (2, 16, 11, 11)),
}


def digits(x):
    return [float(f"{v:.8g}") for v in np.asarray(x, dtype=np.float64).ravel()]


reference = {}
for name, (net, shape) in cases.items():
    def load(calm):
        state = net.state_dict()
        net.load_state_dict({k: v if k.endswith("num_batches_tracked") else value(k, tuple(v.shape), calm) for k, v in state.items()})

    calm = not name.startswith("vgg")
    load(False)
    x = torch.from_numpy(pattern("image", int(np.prod(shape))).astype(np.float32).reshape(shape)).requires_grad_()
    net.eval()
    with torch.no_grad():
        inference = net(x)
    load(calm)
    net.train()
    y = net(x)
    weights = torch.from_numpy(pattern("functional", y.numel()).astype(np.float32).reshape(y.shape))
    (y * weights).mean().backward()
    statistics = {k: digits([v.norm()])[0] for k, v in net.state_dict().items() if "running" in k}
    gradients = {}
    for k, p in [*net.named_parameters(), ("image", x)]:
        g = p.grad.flatten()
        gradients[k] = digits([g.norm(), g[0], g[g.numel() // 2], g[-1]])
    reference[name] = {
        "shape": list(shape),
        "calm": calm,
        "parameters": sum(p.numel() for p in net.parameters()),
        "inference": digits(inference.detach().flatten()[:256]),
        "training": digits(y.detach().flatten()[:256]),
        "gradients": gradients,
        "statistics": statistics,
    }
    print(name, reference[name]["parameters"], tuple(y.shape))

reference["versions"] = {"torch": torch.__version__, "torchvision": torchvision.__version__}
(out / "torch.json").write_text(json.dumps(reference, separators=(",", ":")) + "\n")

base = torch.arange(6.0).reshape(2, 3)
small = {
    "module.plain": base,
    "transposed": base.t(),
    "view": base[1:],
    "half": torch.tensor([1.5, -65504.0, 2.0**-24, float("inf")], dtype=torch.float16),
    "brain": torch.tensor([1.0, -3.5], dtype=torch.bfloat16),
    "double": torch.tensor([0.1], dtype=torch.float64),
    "long": torch.tensor(7),
    "bool": torch.tensor([True, False]),
    "parameter": nn.Parameter(torch.tensor([[2.0]])),
    "empty": torch.zeros(0, 4),
}
model = nn.Module()
state = nn.BatchNorm2d(1).state_dict()  # an OrderedDict with _metadata
state.update(small)
torch.save({"epoch": 3, "lr": 0.1, "names": ("a", ["b"]), "big": 2**40, "flag": True, "none": None, "state_dict": state}, out / "small.pth")
